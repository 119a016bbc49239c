// SPDX-License-Identifier: MIT
// The usual way to write such a receiver in Node, to measure intake against: receiver.js FILE SECRET.
// Fastify hands over the raw body, its signature is checked, it is parsed, and one transaction
// with synchronous=FULL puts it into FILE before the 200. The first line on stdout is the address.
"use strict";

const crypto = require("node:crypto");
const Database = require("better-sqlite3");
const fastify = require("fastify");

const [file, secret] = process.argv.slice(2);
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(
	"CREATE TABLE events (event_id INTEGER PRIMARY KEY, connection TEXT NOT NULL," +
		" sha256 BLOB NOT NULL, employee_id TEXT NOT NULL, body BLOB NOT NULL) STRICT;" +
		"CREATE UNIQUE INDEX events_sha256 ON events (connection, sha256);",
);
const insert = db.prepare(
	"INSERT INTO events (connection, sha256, employee_id, body) VALUES ('default', ?, ?, ?)" +
		" ON CONFLICT DO NOTHING",
);

function isSigned(request) {
	const tag = crypto.createHmac("sha512", secret).update(request.body).digest();
	const claimed = Buffer.from(request.headers["bob-signature"] ?? "", "base64");
	return claimed.length === tag.length && crypto.timingSafeEqual(tag, claimed);
}

const app = fastify({ logger: false, bodyLimit: 262144 });
app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) => done(null, body));
app.post("/webhooks/bob", (request, reply) => {
	if (!isSigned(request)) {
		return reply.code(401).send({});
	}
	const event = JSON.parse(request.body);
	const digest = crypto.createHash("sha256").update(request.body).digest();
	insert.run(digest, String(event.data.employeeId), request.body);
	return reply.send({});
});

process.on("SIGTERM", () => process.exit(0));
app.listen({ host: "127.0.0.1", port: 0 }).then((address) => console.log(`listening on ${address}`));
