// Have a stored response deleted: node produce.mjs resp_1. As produce.py, by the queue service's documented form of requests.
import { randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";

const { YMQ_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, DELETE_RESPONSE_QUEUE_URL } = process.env;
const queues = new AwsClient({
  accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, region: AWS_REGION, service: "sqs",
});
const data = { response_id: process.argv[2], reason: "retention" };
const event = { specversion: "1.0", id: randomUUID(), source: "/shop", type: "shop.retention.ended", data };
const form = { Action: "SendMessage", QueueUrl: DELETE_RESPONSE_QUEUE_URL, MessageBody: JSON.stringify(event) };
const request = {
  method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: `${new URLSearchParams(form)}`,
};
// It sends again where the service answers 429 or 5xx. That is harmless: the function knows the message by its key.
const sent = await queues.fetch(`${YMQ_ENDPOINT}/`, request);
const told = await sent.text();
if (!sent.ok) throw new Error(`the queue did not take it: ${sent.status}`);
console.log(told.match(/<MessageId>(.+)<\/MessageId>/)[1]);
