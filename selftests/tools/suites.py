# SPDX-License-Identifier: GPL-2.0
"""Runs Python's own tests, for atcp_run_suites.sh: python3 suites.py FILE NAME...

NAME is a module, class or test below the package test.  A line for each of its tests is
written to FILE: its result (ok, skip, fail, error, xfail) and its name.
"""
import faulthandler
import os
import sys
import unittest

from test import support


class Lines(unittest.TestResult):
    """Writes a line for each test; prints its errors on standard error."""

    def __init__(self, to):
        super().__init__()
        self.to = to
        self.last = None

    def startTest(self, test):
        super().startTest(test)
        self.last = 'ok'

    def stopTest(self, test):
        super().stopTest(test)
        print(self.last, test.id(), file=self.to, flush=True)

    def addSkip(self, test, reason):
        self.last = 'skip'

    def addExpectedFailure(self, test, err):
        self.last = 'xfail'

    def addUnexpectedSuccess(self, test):
        self.last = 'fail'

    def addFailure(self, test, err):
        self.last = 'fail'
        print(test.id(), self._exc_info_to_string(err, test), file=sys.stderr)

    def addError(self, test, err):
        self.last = 'error'
        print(test.id(), self._exc_info_to_string(err, test), file=sys.stderr)

    def addSubTest(self, test, subtest, err):
        if err:
            self.addError(test, err)


faulthandler.enable()
support.use_resources = ['cpu']     # without tests that need the internet
suite = unittest.defaultTestLoader.loadTestsFromNames(['test.' + n for n in sys.argv[2:]])
with open(sys.argv[1], 'w', encoding='utf-8') as lines:
    suite.run(Lines(lines))
# Without a wait for threads, which some tests leave.
os._exit(0)
