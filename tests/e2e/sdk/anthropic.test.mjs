// The official Anthropic SDK through pg: text, parallel tools, accumulators, restored values, one error for a blocked turn.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { awsKeyId, direct, email, kBlock, kRedact, startPg } from "./pg.mjs";
import { fakeProvider, placeholders } from "./fake_provider.mjs";

let provider, pg, client, blocking;
before(async () => {
  provider = await fakeProvider(() => [{ text: "ok" }]);
  pg = await startPg(provider, { test: kRedact, strict: kBlock });
  client = new Anthropic({ baseURL: pg.base("test"), apiKey: pg.key });
  blocking = new Anthropic({ baseURL: pg.base("strict"), apiKey: pg.key });
});
after(async () => {
  await pg?.stop();
  await provider?.close();
});

const ask = (content, more = {}) => ({ model: "claude-opus-5-5", max_tokens: 64, messages: [{ role: "user", content }], ...more });
const tool = { name: "send_mail", description: "Send", input_schema: { type: "object", properties: { to: { type: "string" } } } };

test("text, whole and streamed, with the helper's accumulators", async () => {
  provider.decide = () => [{ text: "Hello from the fake provider. é 😀" }];
  const whole = await client.messages.create(ask("hi"));
  assert.equal(whole.content[0].text, "Hello from the fake provider. é 😀");
  assert.equal(whole.usage.output_tokens, 17);
  let text = "";
  const stream = client.messages.stream(ask("hi")).on("text", (part) => (text += part));
  const final = await stream.finalMessage();
  assert.equal(final.content[0].text, "Hello from the fake provider. é 😀");
  assert.equal(text, "Hello from the fake provider. é 😀");
  assert.equal(final.stop_reason, "end_turn");
  assert.equal(final.usage.output_tokens, 17);
  const kinds = [];
  for await (const event of await client.messages.create(ask("hi", { stream: true }))) kinds.push(event.type);
  assert.equal(kinds[0], "message_start");
  assert.equal(kinds.at(-1), "message_stop");
});

test("parallel tool calls", async () => {
  const inputs = [{ to: "a", deep: { list: [1, 2.5, "x\n\"y\""] } }, { to: "b" }];
  provider.decide = () => [{ text: "Sending." }, ...inputs.map((input) => ({ tool: { name: "send_mail", input } }))];
  const final = await client.messages.stream(ask("send", { tools: [tool] })).finalMessage();
  assert.deepEqual(final.content.filter((block) => block.type === "tool_use").map((block) => block.input), inputs);
  assert.equal(final.stop_reason, "tool_use");
});

test("redacted values come back whole in text and in tool input", { skip: direct }, async () => {
  const [a, b] = [email(), email("max.q")];
  provider.decide = (seen) => {
    const [first, second] = placeholders(seen.text);
    return [{ text: `Writing to ${first} and ${second}` }, { tool: { name: "send_mail", input: { to: first, cc: [second], note: `"${first}"` } } }];
  };
  for (const content of [`mail ${a} and ${b}`, [{ type: "text", text: `mail ${a}` }, { type: "text", text: b }]]) {
    provider.requests.length = 0;
    const final = await client.messages.stream(ask(content, { tools: [tool] })).finalMessage();
    assert.equal(final.content[0].text, `Writing to ${a} and ${b}`);
    assert.deepEqual(final.content[1].input, { to: a, cc: [b], note: `"${a}"` });
    const whole = await client.messages.create(ask(content, { tools: [tool] }));
    assert.deepEqual(whole.content[1].input, { to: a, cc: [b], note: `"${a}"` });
    for (const seen of provider.requests) assert.ok(!seen.text.includes(a) && !seen.text.includes(b));
  }
});

test("thinking keeps its signature and its words", async () => {
  provider.decide = (seen) => [{ thinking: `about ${placeholders(seen.text)[0]}` }, { text: "done" }];
  const final = await client.messages.stream(ask(`I am ${email()}`)).finalMessage();
  assert.equal(final.content[0].signature, "c2lnbmVk");
  if (!direct) assert.equal(final.content[0].thinking, "about [[EMAIL_001]]");
});

test("a blocked turn raises once, with kinds and a way out", { skip: direct }, async () => {
  const secret = awsKeyId();
  provider.requests.length = 0;
  for (const call of [() => blocking.messages.create(ask(`key ${secret}`)), () => blocking.messages.stream(ask(`key ${secret}`)).finalMessage()]) {
    const rows = (await pg.rows()).length;
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof Anthropic.APIError);
      assert.equal(error.status, 422);
      assert.equal(error.error.type, "error");
      assert.match(error.message, /aws/i);
      assert.match(error.message, /\/clear|\/rewind/);
      assert.ok(!error.message.includes(secret));
      return true;
    });
    assert.equal((await pg.rows()).length, rows + 1);
  }
  assert.equal(provider.requests.length, 0);
});

test("a provider's errors keep their class and words", async () => {
  let asked = 0;
  provider.decide = () => {
    ++asked;
    return { status: 429, headers: { "retry-after": "0", "x-should-retry": "false" }, body: { type: "error", error: { type: "rate_limit_error", message: "slow down" } } };
  };
  await assert.rejects(() => client.messages.create(ask("hi")), (error) => error instanceof Anthropic.RateLimitError && /slow down/.test(error.message));
  assert.equal(asked, 1);
});

test("count_tokens and models", async () => {
  const counted = await client.messages.countTokens({ model: "claude-opus-5-5", messages: [{ role: "user", content: `count ${email()}` }] });
  assert.ok(counted.input_tokens > 0);
  assert.ok(direct || !provider.requests.at(-1).text.includes(email()));
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.length > 0);
});
