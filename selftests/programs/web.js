// SPDX-License-Identifier: GPL-2.0
//
// web.js serve ADDRESS PORT FILE	that file over HTTP, for each question
// web.js get URL	asks twice, prints the second body; both over one connection, or it fails
'use strict';
const fs = require('fs');
const http = require('http');
const [role, ...words] = process.argv.slice(2);

function get(url, agent)
{
	return new Promise((resolve, reject) => {
		const request = http.get(url, { agent }, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('end', () => resolve({
				body: Buffer.concat(parts),
				again: request.reusedSocket,
			}));
			answer.on('error', reject);
		});
		request.on('error', reject);
	});
}

async function client(url)
{
	const agent = new http.Agent({ keepAlive: true });
	const first = await get(url, agent);
	const second = await get(url, agent);

	agent.destroy();
	process.stdout.write(second.body);
	if (first.again || !second.again || !first.body.equals(second.body)) {
		console.error('not twice the same over one connection');
		process.exitCode = 1;
	}
}

if (role === 'serve')
	http.createServer((question, answer) => {
		fs.createReadStream(words[2]).pipe(answer);
	}).listen(words[1], words[0]);
else
	client(words[0]);
