# SPDX-License-Identifier: GPL-2.0
"""Runs the tests of the main module, or those that are named, and prints KTAP.

A last line counts them.
"""

import sys
import traceback
import unittest


class Ktap(unittest.TextTestResult):
    """A line for each test."""

    n = 0

    def line(self, how, test, more=""):
        Ktap.n += 1
        print("%s %d %s%s" % (how, Ktap.n, test.id().replace("__main__.", ""), more), flush=True)

    def why(self, err):
        for line in "".join(traceback.format_exception(*err)).splitlines():
            print("# " + line, flush=True)

    def addSuccess(self, test):
        self.line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("ok", test, " # SKIP " + reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("not ok", test)
        self.why(err)

    def addError(self, test, err):
        super().addError(test, err)
        self.line("not ok", test)
        self.why(err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.line("not ok", subtest)


def main():
    load, module = unittest.defaultTestLoader, sys.modules["__main__"]
    suite = load.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else \
        load.loadTestsFromModule(module)
    print("TAP version 13")
    result = unittest.TextTestRunner(resultclass=Ktap, verbosity=0).run(suite)
    bad = len(result.failures) + len(result.errors)
    print("1..%d" % Ktap.n)
    print("%d passed, %d failed" % (Ktap.n - bad, bad))
    sys.exit(bad > 0)
