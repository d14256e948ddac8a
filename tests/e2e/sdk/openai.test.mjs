// The official OpenAI SDK through pg: Chat Completions and Responses, text, parallel tools, accumulators, restored values, one
// error for a blocked turn, embeddings, models.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { awsKeyId, direct, email, kBlock, kRedact, startPg } from "./pg.mjs";
import { fakeProvider, placeholders } from "./fake_provider.mjs";

let provider, pg, client, blocking;
before(async () => {
  provider = await fakeProvider(() => [{ text: "ok" }]);
  pg = await startPg(provider, { test: kRedact, strict: kBlock });
  client = new OpenAI({ baseURL: `${pg.base("test")}/v1`, apiKey: pg.key });
  blocking = new OpenAI({ baseURL: `${pg.base("strict")}/v1`, apiKey: pg.key });
});
after(async () => {
  await pg?.stop();
  await provider?.close();
});

const chat = (content, more = {}) => ({ model: "gpt-5.1", messages: [{ role: "user", content }], ...more });
const respond = (input, more = {}) => ({ model: "gpt-5.1", input, ...more });
const parameters = { type: "object", properties: { to: { type: "string" } } };
const chatTool = { type: "function", function: { name: "send_mail", parameters } };
const responsesTool = { type: "function", name: "send_mail", parameters, strict: false };
const calls = (response) => response.output.filter((item) => item.type === "function_call").map((item) => JSON.parse(item.arguments));

test("chat: text, whole and streamed, usage in the last chunk", async () => {
  provider.decide = () => [{ text: "Hello from the fake provider. é 😀" }];
  const whole = await client.chat.completions.create(chat("hi"));
  assert.equal(whole.choices[0].message.content, "Hello from the fake provider. é 😀");
  const stream = client.chat.completions.stream(chat("hi", { stream_options: { include_usage: true } }));
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].message.content, "Hello from the fake provider. é 😀");
  assert.equal(final.usage.completion_tokens, 17);
  const bare = [];
  for await (const chunk of await client.chat.completions.create(chat("hi", { stream: true }))) bare.push(chunk);
  assert.ok(bare.every((chunk) => chunk.choices.length === 1 && !chunk.usage), "no usage chunk that was not asked for");
});

test("responses: text, whole and streamed", async () => {
  provider.decide = () => [{ text: "Hello from the fake provider." }];
  assert.equal((await client.responses.create(respond("hi"))).output_text, "Hello from the fake provider.");
  const stream = client.responses.stream(respond("hi"));
  let text = "";
  stream.on("response.output_text.delta", (event) => (text += event.delta));
  const final = await stream.finalResponse();
  assert.equal(final.output_text, "Hello from the fake provider.");
  assert.equal(text, "Hello from the fake provider.");
  assert.equal(final.usage.output_tokens, 17);
});

test("parallel tool calls, interleaved in chat", async () => {
  const inputs = [{ to: "a", deep: { list: [1, 2.5, "x\n\"y\""] } }, { to: "b" }];
  provider.decide = () => inputs.map((input) => ({ tool: { name: "send_mail", input } }));
  const completion = await client.chat.completions.stream(chat("send", { tools: [chatTool] })).finalChatCompletion();
  assert.deepEqual(completion.choices[0].message.tool_calls.map((call) => JSON.parse(call.function.arguments)), inputs);
  assert.equal(completion.choices[0].finish_reason, "tool_calls");
  assert.deepEqual(calls(await client.responses.stream(respond("send", { tools: [responsesTool] })).finalResponse()), inputs);
});

test("redacted values come back whole in text and in tool arguments", { skip: direct }, async () => {
  const [a, b] = [email(), email("max.q")];
  provider.decide = (seen) => {
    const [first, second] = placeholders(seen.text);
    return [{ text: `Writing to ${first} and ${second}` }, { tool: { name: "send_mail", input: { to: first, cc: [second], note: `"${first}"` } } }];
  };
  const [text, input] = [`Writing to ${a} and ${b}`, { to: a, cc: [b], note: `"${a}"` }];
  provider.requests.length = 0;
  const completions = [
    await client.chat.completions.create(chat(`mail ${a} and ${b}`, { tools: [chatTool] })),
    await client.chat.completions.stream(chat(`mail ${a} and ${b}`, { tools: [chatTool] })).finalChatCompletion(),
  ];
  for (const completion of completions) {
    assert.equal(completion.choices[0].message.content, text);
    assert.deepEqual(JSON.parse(completion.choices[0].message.tool_calls[0].function.arguments), input);
  }
  const stream = client.responses.stream(respond(`mail ${a} and ${b}`, { tools: [responsesTool] }));
  const copies = [];
  for await (const event of stream) {
    if (event.type === "response.output_text.done") copies.push(event.text);
    if (event.type === "response.content_part.done") copies.push(event.part.text);
    if (event.type === "response.output_item.done" && event.item.type === "message") copies.push(event.item.content[0].text);
    if (event.type === "response.function_call_arguments.done") assert.deepEqual(JSON.parse(event.arguments), input);
  }
  assert.deepEqual(copies, [text, text, text]);
  for (const response of [await stream.finalResponse(), await client.responses.create(respond(`mail ${a} and ${b}`, { tools: [responsesTool] }))]) {
    assert.equal(response.output_text, text);
    assert.deepEqual(calls(response), [input]);
  }
  for (const seen of provider.requests) assert.ok(!seen.text.includes(a) && !seen.text.includes(b));
});

test("previous_response_id: what an earlier turn named comes back", { skip: direct }, async () => {
  provider.decide = () => [{ text: "noted" }];
  const first = await client.responses.create(respond(`I am ${email()}`));
  provider.decide = () => [{ text: "you are [[EMAIL_001]]" }];
  const second = await client.responses.create(respond("who am I?", { previous_response_id: first.id }));
  assert.equal(second.output_text, `you are ${email()}`);
});

test("a blocked turn raises once, with kinds and a way out", { skip: direct }, async () => {
  const secret = awsKeyId();
  provider.requests.length = 0;
  const ways = [() => blocking.chat.completions.create(chat(`key ${secret}`)), () => blocking.chat.completions.stream(chat(`key ${secret}`)).finalChatCompletion(),
                () => blocking.responses.create(respond(`key ${secret}`))];
  for (const call of ways) {
    const rows = (await pg.rows()).length;
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.status, 422);
      assert.match(error.message, /aws/i);
      assert.ok(!error.message.includes(secret));
      return true;
    });
    assert.equal((await pg.rows()).length, rows + 1);
  }
  const rows = (await pg.rows()).length;
  const events = [];
  for await (const event of await blocking.responses.create(respond(`key ${secret}`, { stream: true }))) events.push(event);
  assert.equal(events.at(-1).type, "response.failed");
  assert.equal(events.at(-1).response.error.code, "invalid_prompt");
  assert.match(events.at(-1).response.error.message, /aws/i);
  assert.equal((await pg.rows()).length, rows + 1);
  assert.equal(provider.requests.length, 0);
});

test("embeddings as base64 and as numbers, models", async () => {
  const asked = await client.embeddings.create({ model: "text-embedding-3-small", input: [`about ${email()}`, "b"] });
  assert.deepEqual([...asked.data[0].embedding], [0.25, -1.5, 3]);
  assert.equal(asked.data.length, 2);
  assert.equal(provider.requests.at(-1).json.encoding_format, "base64");
  assert.ok(direct || !provider.requests.at(-1).text.includes(email()));
  const numbers = await client.embeddings.create({ model: "text-embedding-3-small", input: "a", encoding_format: "float" });
  assert.deepEqual(numbers.data[0].embedding, [0.25, -1.5, 3]);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.length > 0);
});
