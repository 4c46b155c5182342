// What an application does with a log group through @aws-sdk/client-cloudwatch-logs.
// The server's address and keys come from the environment; a failed assertion ends it.
import assert from "node:assert/strict";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, DeleteLogGroupCommand, DescribeLogStreamsCommand,
  GetLogEventsCommand, PutLogEventsCommand, ResourceAlreadyExistsException, ResourceNotFoundException, StartLiveTailCommand,
  paginateDescribeLogGroups, paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";

const client = new CloudWatchLogsClient({ endpoint: process.env.ENDPOINT, region: "us-east-1", maxAttempts: 3 });
const group = "/mail/js";
const arn = `arn:aws:logs:us-east-1:${process.env.ACCOUNT}:log-group:${group}`;
const put = (stream, ...messages) => client.send(new PutLogEventsCommand({
  logGroupName: group, logStreamName: stream, logEvents: messages.map((message, i) => ({ timestamp: Date.now() + i, message })),
}));

await client.send(new CreateLogGroupCommand({ logGroupName: group, tags: { team: "mail" } }));
await assert.rejects(client.send(new CreateLogGroupCommand({ logGroupName: group })), ResourceAlreadyExistsException);
await assert.rejects(client.send(new CreateLogStreamCommand({ logGroupName: "none", logStreamName: "s" })), ResourceNotFoundException);
for (const stream of ["one", "two"]) await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream }));
for (let i = 0; i < 5; i++) await client.send(new CreateLogGroupCommand({ logGroupName: `/other/${i}` }));

const names = [];
for await (const page of paginateDescribeLogGroups({ client, pageSize: 2 }, { logGroupNamePrefix: "/other/" })) names.push(...page.logGroups.map((g) => g.logGroupName));
assert.deepEqual(names, [0, 1, 2, 3, 4].map((i) => `/other/${i}`));

const sent = Array.from({ length: 25 }, (_, i) => `{"n":${i},"text":"Grüße <&> \u2028"}`);
const answer = await put("one", ...sent);
assert.ok(answer.nextSequenceToken);
const seen = new Set();
for await (const page of paginateFilterLogEvents({ client, pageSize: 7 }, { logGroupName: group, filterPattern: "{ $.n >= 5 }" })) {
  for (const e of page.events) { assert.ok(!seen.has(e.eventId)); seen.add(e.eventId); assert.ok(sent.includes(e.message)); }
}
assert.equal(seen.size, 20);
let token, read = [];
for (;;) {
  const page = await client.send(new GetLogEventsCommand({ logGroupName: group, logStreamName: "one", startFromHead: true, limit: 10, nextToken: token }));
  read.push(...page.events.map((e) => e.message));
  if (page.nextForwardToken === token) break;
  token = page.nextForwardToken;
}
assert.deepEqual(read, sent);
const streams = await client.send(new DescribeLogStreamsCommand({ logGroupName: group, orderBy: "LastEventTime", descending: true }));
assert.equal(streams.logStreams[0].logStreamName, "one");

// Without disableHostPrefix it would look for the host "stream-127.0.0.1".
const tails = new CloudWatchLogsClient({ endpoint: process.env.ENDPOINT, region: "us-east-1", disableHostPrefix: true });
const tail = await tails.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn], logEventFilterPattern: "wanted" }));
const lines = [];
for await (const event of tail.responseStream) {
  if (event.sessionStart) await put("two", "wanted 1", "other", "wanted 2");
  if (event.sessionUpdate) lines.push(...event.sessionUpdate.sessionResults.map((r) => `${r.logStreamName} ${r.message}`));
  if (lines.length >= 2) break;
}
assert.deepEqual(lines, ["two wanted 1", "two wanted 2"]);
tails.destroy();
await client.send(new DeleteLogGroupCommand({ logGroupName: group }));
await assert.rejects(client.send(new GetLogEventsCommand({ logGroupName: group, logStreamName: "one" })), ResourceNotFoundException);
console.log("everything held");
