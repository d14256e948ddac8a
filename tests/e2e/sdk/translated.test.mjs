// The official SDKs against a provider that speaks only another dialect: their accumulators validate every event on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { direct, email, kRedact, startPg } from "./pg.mjs";
import { fakeProvider, placeholders } from "./fake_provider.mjs";

let provider, pg;
before(async () => {
  provider = await fakeProvider(() => [{ text: "ok" }], { size: 3 });
  const of = (name) => ({ guards: kRedact, provider: name });
  pg = await startPg(provider, { chat: of("only-chat"), messages: of("only-messages"), responses: of("like-openai") });
});
after(async () => {
  await pg?.stop();
  await provider?.close();
});

const anthropic = (project) => new Anthropic({ baseURL: pg.base(project), apiKey: pg.key, maxRetries: 0 });
const openai = (project) => new OpenAI({ baseURL: `${pg.base(project)}/v1`, apiKey: pg.key, maxRetries: 0 });
const schema = { type: "object", properties: { to: { type: "string" } }, required: ["to"] };
const inputs = [{ to: "a", deep: { list: [1, 2.5, "x\n\"y\""] } }, { to: "b é 😀" }];
const both = () => [{ text: "Sending. é 😀" }, ...inputs.map((input) => ({ tool: { name: "send_mail", input } }))];

for (const project of ["chat", "responses"]) {
  const messages = (content, more = {}) => ({ model: "some-model", max_tokens: 64, messages: [{ role: "user", content }],
                                              tools: [{ name: "send_mail", description: "Send", input_schema: schema }], ...more });
  test(`Anthropic SDK, provider speaks ${project}: text and two parallel calls`, { skip: direct }, async () => {
    provider.decide = both;
    for (const final of [await anthropic(project).messages.stream(messages("send")).finalMessage(), await anthropic(project).messages.create(messages("send"))]) {
      assert.equal(final.content.filter((block) => block.type === "text").map((block) => block.text).join(""), "Sending. é 😀");
      assert.deepEqual(final.content.filter((block) => block.type === "tool_use").map((block) => block.input), inputs);
      assert.equal(final.stop_reason, "tool_use");
      assert.deepEqual([final.usage.input_tokens, final.usage.cache_read_input_tokens, final.usage.output_tokens], [21, 4, 17]);
    }
    assert.match(provider.requests.at(-1).url, project === "chat" ? /chat\/completions$/ : /responses$/);
  });

  test(`Anthropic SDK, provider speaks ${project}: a tool turn goes on, and values come back whole`, { skip: direct }, async () => {
    provider.decide = (seen) => {
      const [first] = placeholders(seen.text);
      return seen.text.includes("sent!") ? [{ text: `told ${first}` }] : [{ tool: { name: "send_mail", input: { to: first } } }];
    };
    const user = { role: "user", content: `mail ${email()}` };
    const first = await anthropic(project).messages.stream(messages("", { messages: [user] })).finalMessage();
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual(call.input, { to: email() });
    const history = [user, { role: "assistant", content: first.content },
                     { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sent!" }] }];
    const second = await anthropic(project).messages.stream(messages("", { messages: history })).finalMessage();
    assert.equal(second.content[0].text, `told ${email()}`);
    assert.equal(second.stop_reason, "end_turn");
    for (const seen of provider.requests) assert.ok(!seen.text.includes(email()));
  });

  test(`Anthropic SDK, provider speaks ${project}: errors keep their class, tokens are estimated`, { skip: direct }, async () => {
    provider.decide = () => ({ status: 429, headers: { "retry-after": "0" }, body: { error: { message: "slow down", type: "rate_limit_error", param: null, code: null } } });
    await assert.rejects(() => anthropic(project).messages.create(messages("hi")), (error) => error instanceof Anthropic.RateLimitError && /slow down/.test(error.message));
    const counted = await anthropic(project).messages.countTokens({ model: "some-model", messages: [{ role: "user", content: "word ".repeat(400) }] });
    assert.ok(counted.input_tokens >= 400 && counted.input_tokens < 2000);
  });
}

test("OpenAI SDK, Chat, provider speaks messages: text, two parallel calls, usage", { skip: direct }, async () => {
  provider.decide = both;
  const ask = { model: "some-model", messages: [{ role: "system", content: "be brief" }, { role: "user", content: "send" }],
                tools: [{ type: "function", function: { name: "send_mail", parameters: schema } }] };
  const streamed = await openai("messages").chat.completions.stream({ ...ask, stream_options: { include_usage: true } }).finalChatCompletion();
  for (const completion of [streamed, await openai("messages").chat.completions.create(ask)]) {
    const [choice] = completion.choices;
    assert.equal(choice.message.content, "Sending. é 😀");
    assert.deepEqual(choice.message.tool_calls.map((call) => JSON.parse(call.function.arguments)), inputs);
    assert.equal(choice.finish_reason, "tool_calls");
    assert.deepEqual([completion.usage.prompt_tokens, completion.usage.prompt_tokens_details.cached_tokens, completion.usage.completion_tokens], [25, 4, 17]);
  }
  const sent = provider.requests.at(-1).json;
  assert.ok(sent.max_tokens > 0);
  assert.match(JSON.stringify(sent.system), /be brief/);
});

for (const project of ["messages", "chat"]) {
  test(`OpenAI SDK, Responses, provider speaks ${project}: text, calls, restored copies`, { skip: direct }, async () => {
    provider.decide = (seen) => {
      const [first] = placeholders(seen.text);
      return [{ text: `Writing to ${first}` }, { tool: { name: "send_mail", input: { to: first } } }, { tool: { name: "send_mail", input: { to: "b" } } }];
    };
    const ask = { model: "some-model", input: `mail ${email()}`, store: false, tools: [{ type: "function", name: "send_mail", parameters: schema, strict: false }] };
    const stream = openai(project).responses.stream(ask);
    const copies = [];
    let sequence = 0;
    for await (const event of stream) {
      assert.equal(event.sequence_number, sequence++);
      if (event.type === "response.output_text.done") copies.push(event.text);
      if (event.type === "response.output_item.done" && event.item.type === "message") copies.push(event.item.content[0].text);
    }
    assert.deepEqual(copies, [`Writing to ${email()}`, `Writing to ${email()}`]);
    for (const response of [await stream.finalResponse(), await openai(project).responses.create(ask)]) {
      assert.equal(response.output_text, `Writing to ${email()}`);
      const calls = response.output.filter((item) => item.type === "function_call").map((item) => JSON.parse(item.arguments));
      assert.deepEqual(calls, [{ to: email() }, { to: "b" }]);
      assert.equal(response.usage.output_tokens, 17);
    }
  });
}

const url = "https://a.example/tower";
const cited = (seen) => [{ text: `Größe, for ${placeholders(seen.text)[0]}: ` }, { text: "the tower is 330 m tall", page: { url, title: `The tower of ${placeholders(seen.text)[0]}` } }];

for (const project of ["chat", "responses"]) {
  test(`Anthropic SDK, provider speaks ${project}: a cited page is in its block, the title restored`, { skip: direct }, async () => {
    provider.decide = cited;
    const ask = { model: "some-model", max_tokens: 64, messages: [{ role: "user", content: `mail ${email()}` }] };
    for (const final of [await anthropic(project).messages.stream(ask).finalMessage(), await anthropic(project).messages.create(ask)]) {
      const [page] = final.content.flatMap((block) => block.citations ?? []);
      assert.deepEqual([page.type, page.url, page.title], ["web_search_result_location", url, `The tower of ${email()}`]);
      assert.equal(final.content.map((block) => block.text).join(""), `Größe, for ${email()}: the tower is 330 m tall`);
    }
  });
}

test("OpenAI SDK, Chat and Responses, provider speaks messages: a cited page has its place, the title restored", { skip: direct }, async () => {
  provider.decide = cited;
  const chat = { model: "some-model", messages: [{ role: "user", content: `mail ${email()}` }] };
  for (const completion of [await openai("messages").chat.completions.stream(chat).finalChatCompletion(), await openai("messages").chat.completions.create(chat)]) {
    const { content, annotations } = completion.choices[0].message;
    assert.equal(annotations.length, 1);
    const { start_index, end_index, ...page } = annotations[0].url_citation;
    assert.deepEqual(page, { url, title: `The tower of ${email()}` });
    assert.equal([...content].slice(start_index, end_index).join(""), "the tower is 330 m tall");
  }
  const ask = { model: "some-model", input: `mail ${email()}`, store: false };
  for (const response of [await openai("messages").responses.stream(ask).finalResponse(), await openai("messages").responses.create(ask)]) {
    const part = response.output.flatMap((item) => item.content ?? []).find((one) => one.annotations.length > 0);
    assert.equal(part.annotations[0].title, `The tower of ${email()}`);
    assert.equal([...part.text].slice(part.annotations[0].start_index, part.annotations[0].end_index).join(""), "the tower is 330 m tall");
  }
});

test("OpenAI SDK: what the other dialect cannot say is refused by name", { skip: direct }, async () => {
  await assert.rejects(() => openai("messages").chat.completions.create({ model: "m", n: 2, messages: [{ role: "user", content: "x" }] }),
                       (error) => error instanceof OpenAI.BadRequestError && /`n`/.test(error.message));
  await assert.rejects(() => openai("messages").responses.create({ model: "m", input: "x", previous_response_id: "resp_1" }),
                       (error) => error instanceof OpenAI.BadRequestError && /previous_response_id/.test(error.message));
});
