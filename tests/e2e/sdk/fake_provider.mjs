// A fake provider on loopback that speaks Anthropic Messages, Chat Completions and Responses. `decide(request)` returns what the
// model says: a list of blocks {text, page?: {url, title}} | {tool: {name, input, custom?}} | {thinking}, or {status, body, headers} for an error.
import http from "node:http";

const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** Cuts a text into pieces of `size`, so that placeholders are cut too. */
export function pieces(text, size) {
  const out = [];
  for (let at = 0; at < text.length; at += size) out.push(text.slice(at, at + size));
  return out.length > 0 ? out : [""];
}

export const placeholders = (text) => [...new Set(text.match(/\[\[[A-Z][A-Z0-9_]*_\d{3,}\]\]/g) ?? [])];

/** Starts the provider. Options: size (of deltas), pause (ms between events). */
export async function fakeProvider(decide, { size = 5, pause = 0 } = {}) {
  const requests = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString("utf8");
    const seen = { method: request.method, url: request.url, headers: request.headers, text, json: undefined };
    try {
      seen.json = text === "" ? undefined : JSON.parse(text);
    } catch {
      // Compressed or broken bodies keep their text only.
    }
    requests.push(seen);
    try {
      await answer(seen, response, decide, size, pause);
    } catch (error) {
      response.destroy(error);
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.keepAliveTimeout = 60_000;
  return {
    port: server.address().port,
    base: `http://127.0.0.1:${server.address().port}/v1`,
    requests,
    calls: () => requests.filter((seen) => seen.method === "POST" && !seen.url.includes("count_tokens")),
    set decide(next) {
      decide = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

async function answer(seen, response, decide, size, pause) {
  const path = seen.url.split("?")[0];
  const send = (status, body, headers = {}) => {
    response.writeHead(status, { "content-type": "application/json", "request-id": "req_fake", ...headers });
    response.end(JSON.stringify(body));
  };
  if (seen.headers.upgrade) return send(426, { error: { message: "no WebSocket here", type: "invalid_request_error" } });
  if (path.endsWith("/models")) return send(200, models(seen));
  if (path.endsWith("/count_tokens")) return send(200, { input_tokens: Math.ceil(seen.text.length / 4) });
  if (path.endsWith("/embeddings")) return send(200, embeddings(seen));
  const dialect = Object.keys(kDialects).find((name) => path.endsWith(name));
  if (seen.method !== "POST" || !dialect) return send(seen.method === "HEAD" ? 200 : 404, { error: { message: "no such path", type: "not_found" } });
  const said = await decide(seen);
  if (!Array.isArray(said)) return send(said.status, said.body, said.headers);
  const { stream, whole } = kDialects[dialect];
  if (!seen.json?.stream) return send(200, whole(said, seen));
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_fake" });
  for (const event of stream(said, size, seen)) {
    response.write(event);
    if (pause > 0) await later(pause);
  }
  response.end();
}

function models(seen) {
  const id = "claude-fake-1";
  if (seen.headers["anthropic-version"]) {
    const model = { type: "model", id, display_name: "Fake", created_at: "2026-01-01T00:00:00Z" };
    return { data: [model], has_more: false, first_id: id, last_id: id };
  }
  return { object: "list", data: [{ id, object: "model", created: 1, owned_by: "fake" }] };
}

function embeddings(seen) {
  const inputs = [].concat(seen.json.input);
  const floats = new Float32Array([0.25, -1.5, 3]);
  const vector = seen.json.encoding_format === "base64" ? Buffer.from(floats.buffer).toString("base64") : [...floats];
  const data = inputs.map((_, index) => ({ object: "embedding", index, embedding: vector }));
  return { object: "list", model: "fake-embed", data, usage: { prompt_tokens: 3, total_tokens: 3 } };
}

const input_json = (tool) => (tool.custom ? tool.input : JSON.stringify(tool.input));
const named = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

// The page behind a block's words: Anthropic has it in the block, OpenAI beside the text, with the place of the words.
const citation = ({ page }) => ({ type: "web_search_result_location", ...page, cited_text: `of ${page.title}`, encrypted_index: "RW5j" });
const place = (text, before, { page }) => ({ start_index: [...before].length, end_index: [...before].length + [...text].length, ...page });

function chatNotes(blocks) {
  let said = "";
  const notes = [];
  for (const block of blocks.filter((one) => one.text)) {
    if (block.page) notes.push({ type: "url_citation", url_citation: place(block.text, said, block) });
    said += block.text;
  }
  return notes;
}
const flatNotes = (block) => (block.page ? [{ type: "url_citation", ...place(block.text, "", block) }] : []);

// --- Anthropic Messages

function* anthropicStream(blocks, size) {
  const usage = { input_tokens: 21, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 1 };
  const message = { id: "msg_fake", type: "message", role: "assistant", model: "fake-model", content: [], stop_reason: null, stop_sequence: null, usage };
  yield named({ type: "message_start", message });
  yield named({ type: "ping" });
  for (const [index, block] of blocks.entries()) {
    const delta = (value) => named({ type: "content_block_delta", index, delta: value });
    if (block.tool) {
      const content_block = { type: "tool_use", id: `toolu_${index}_${Date.now()}`, name: block.tool.name, input: {} };
      yield named({ type: "content_block_start", index, content_block });
      for (const part of pieces(input_json(block.tool), size)) yield delta({ type: "input_json_delta", partial_json: part });
    } else if (block.thinking) {
      yield named({ type: "content_block_start", index, content_block: { type: "thinking", thinking: "", signature: "" } });
      for (const part of pieces(block.thinking, size)) yield delta({ type: "thinking_delta", thinking: part });
      yield delta({ type: "signature_delta", signature: "c2lnbmVk" });
    } else {
      yield named({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
      for (const part of pieces(block.text, size)) yield delta({ type: "text_delta", text: part });
      if (block.page) yield delta({ type: "citations_delta", citation: citation(block) });
    }
    yield named({ type: "content_block_stop", index });
  }
  const stop_reason = blocks.some((block) => block.tool) ? "tool_use" : "end_turn";
  yield named({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 17 } });
  yield named({ type: "message_stop" });
}

function anthropicWhole(blocks) {
  const content = blocks.map((block, index) => {
    if (block.tool) return { type: "tool_use", id: `toolu_${index}_${Date.now()}`, name: block.tool.name, input: block.tool.input };
    if (block.thinking) return { type: "thinking", thinking: block.thinking, signature: "c2lnbmVk" };
    return { type: "text", text: block.text, ...(block.page ? { citations: [citation(block)] } : {}) };
  });
  const stop_reason = blocks.some((block) => block.tool) ? "tool_use" : "end_turn";
  const usage = { input_tokens: 21, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 17 };
  return { id: "msg_fake", type: "message", role: "assistant", model: "fake-model", content, stop_reason, stop_sequence: null, usage };
}

// --- Chat Completions

const chat_usage = { prompt_tokens: 25, completion_tokens: 17, total_tokens: 42, prompt_tokens_details: { cached_tokens: 4 } };

function* chatStream(blocks, size, seen) {
  const head = { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 1760000000, model: "fake-model" };
  const chunk = (delta, finish_reason = null) =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`;
  yield chunk({ role: "assistant", content: "", refusal: null });
  for (const block of blocks.filter((one) => one.text)) for (const part of pieces(block.text, size)) yield chunk({ content: part });
  if (chatNotes(blocks).length > 0) yield chunk({ annotations: chatNotes(blocks) });
  // The calls' arguments come interleaved, as parallel calls may.
  const calls = blocks.filter((block) => block.tool);
  for (const [index, { tool }] of calls.entries()) {
    yield chunk({ tool_calls: [{ index, id: `call_${index}_${Date.now()}`, type: "function", function: { name: tool.name, arguments: "" } }] });
  }
  const parts = calls.map(({ tool }) => pieces(input_json(tool), size));
  for (let at = 0; parts.some((list) => at < list.length); ++at) {
    for (const [index, list] of parts.entries()) {
      if (at < list.length) yield chunk({ tool_calls: [{ index, function: { arguments: list[at] } }] });
    }
  }
  yield chunk({}, calls.length > 0 ? "tool_calls" : "stop");
  if (seen.json?.stream_options?.include_usage) yield `data: ${JSON.stringify({ ...head, choices: [], usage: chat_usage })}\n\n`;
  yield "data: [DONE]\n\n";
}

function chatWhole(blocks) {
  const message = { role: "assistant", content: blocks.map((block) => block.text ?? "").join("") || null, refusal: null };
  if (chatNotes(blocks).length > 0) message.annotations = chatNotes(blocks);
  const calls = blocks.filter((block) => block.tool);
  if (calls.length > 0) {
    message.tool_calls = calls.map(({ tool }, index) => (
      { id: `call_${index}_${Date.now()}`, type: "function", function: { name: tool.name, arguments: input_json(tool) } }));
  }
  const choice = { index: 0, message, logprobs: null, finish_reason: calls.length > 0 ? "tool_calls" : "stop" };
  return { id: "chatcmpl-fake", object: "chat.completion", created: 1760000000, model: "fake-model", choices: [choice], usage: chat_usage };
}

// --- Responses

function responsesItem(block, index, done) {
  const status = done ? "completed" : "in_progress";
  if (block.tool?.custom) {
    return { id: `ctc_${index}`, type: "custom_tool_call", status, call_id: `call_${index}`, name: block.tool.name, input: done ? block.tool.input : "" };
  }
  if (block.tool) {
    const item = { id: `fc_${index}`, type: "function_call", status, call_id: `call_${index}`, name: block.tool.name };
    return { ...item, ...(block.tool.namespace ? { namespace: block.tool.namespace } : {}), arguments: done ? input_json(block.tool) : "" };
  }
  const content = done ? [{ type: "output_text", annotations: flatNotes(block), logprobs: [], text: block.text }] : [];
  return { id: `msg_${index}`, type: "message", status, role: "assistant", content };
}

function responsesObject(id, output, done) {
  const usage = done
    ? { input_tokens: 25, input_tokens_details: { cached_tokens: 4 }, output_tokens: 17, output_tokens_details: { reasoning_tokens: 3 }, total_tokens: 42 }
    : null;
  return { id, object: "response", created_at: 1760000000, status: done ? "completed" : "in_progress", error: null,
           incomplete_details: null, instructions: null, model: "fake-model", output, parallel_tool_calls: true, tool_choice: "auto", tools: [], usage };
}

let replies = 0;
const freshId = () => `resp_fake_${++replies}`;

function* responsesStream(blocks, size) {
  const id = freshId();
  let sequence_number = 0;
  const event = (data) => named({ type: data.type, sequence_number: sequence_number++, ...data });
  yield event({ type: "response.created", response: responsesObject(id, [], false) });
  yield event({ type: "response.in_progress", response: responsesObject(id, [], false) });
  for (const [output_index, block] of blocks.entries()) {
    const whole = block.tool ? input_json(block.tool) : block.text;
    const item = responsesItem(block, output_index, true);
    const kind = block.tool?.custom ? "custom_tool_call_input" : block.tool ? "function_call_arguments" : "output_text";
    const at = { item_id: item.id, output_index, ...(block.tool ? {} : { content_index: 0 }) };
    const part = (text) => ({ type: "output_text", annotations: text === "" ? [] : flatNotes(block), logprobs: [], text });
    yield event({ type: "response.output_item.added", output_index, item: responsesItem(block, output_index, false) });
    if (!block.tool) yield event({ type: "response.content_part.added", ...at, part: part("") });
    for (const delta of pieces(whole, size)) yield event({ type: `response.${kind}.delta`, ...at, delta });
    for (const [annotation_index, annotation] of flatNotes(block).entries())
      yield event({ type: "response.output_text.annotation.added", ...at, annotation_index, annotation });
    const field = { output_text: "text", function_call_arguments: "arguments", custom_tool_call_input: "input" }[kind];
    yield event({ type: `response.${kind}.done`, ...at, [field]: whole });
    if (!block.tool) yield event({ type: "response.content_part.done", ...at, part: part(whole) });
    yield event({ type: "response.output_item.done", output_index, item });
  }
  const output = blocks.map((block, index) => responsesItem(block, index, true));
  yield event({ type: "response.completed", response: responsesObject(id, output, true) });
}

const responsesWhole = (blocks) => responsesObject(freshId(), blocks.map((block, index) => responsesItem(block, index, true)), true);

const kDialects = {
  "/messages": { stream: anthropicStream, whole: anthropicWhole },
  "/chat/completions": { stream: chatStream, whole: chatWhole },
  "/responses": { stream: responsesStream, whole: responsesWhole },
};
