// The official MCP SDKs on both sides of pg: clients of both eras, and servers over stdin, over HTTP with sessions, and without.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { fakeProvider } from "./fake_provider.mjs";
import { awsKeyId, direct, email, startPg } from "./pg.mjs";

const everything = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/dist/index.js");
const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** A port that nobody has at the moment. */
const freePort = () =>
  new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

/** A server of 2026-07-28 with one tool, which says what it was told. */
async function newServer(told) {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "stateless", version: "1.0.0" });
    server.registerTool("tell", { description: "Tells", inputSchema: undefined }, async () => ({ content: [{ type: "text", text: "told" }] }));
    return server;
  });
  const http = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    told.push(body.toString());
    const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, {
      method: request.method, headers: request.headers, body: body.length > 0 ? body : undefined }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body) for await (const part of answer.body) response.write(part);
    response.end();
  });
  await new Promise((done) => http.listen(0, "127.0.0.1", done));
  return { port: http.address().port, close: () => { http.closeAllConnections(); http.close(); } };
}

let provider, pg, sessions, stateless;
const told = [];
before(async () => {
  if (direct) return;
  provider = await fakeProvider(() => [{ text: "ok" }]);
  const port = await freePort();
  sessions = spawn(process.execPath, [everything, "streamableHttp"], { env: { ...process.env, PORT: String(port) }, stdio: "ignore" });
  stateless = await newServer(told);
  pg = await startPg(provider, { tools: { text: `type = "mcp"
[servers.files]
command = ["node", ${JSON.stringify(everything)}]
[servers.web]
url = "http://127.0.0.1:${port}/mcp"
[servers.web.guards]
email = "redact"
secrets = "block"
[servers.newest]
url = "http://127.0.0.1:${stateless.port}/mcp"
` } }, ["-p", "tools"]);
  for (let i = 0; i < 100; ++i) {
    if (await fetch(`http://127.0.0.1:${port}/mcp`).then(() => true, () => false)) break;
    await later(100);
  }
});
after(async () => {
  await pg?.stop();
  sessions?.kill();
  stateless?.close();
  await provider?.close();
});

const init = () => ({ requestInit: { headers: { "x-pg-key": pg.key } } });
async function connect(place = "") {
  const client = new Client({ name: "of-sessions", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${pg.base("tools")}/mcp${place}`), init()));
  return client;
}
async function connectNew() {
  const client = new NewClient({ name: "stateless", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new NewTransport(new URL(`${pg.base("tools")}/mcp`), init()));
  return client;
}

for (const [era, open] of [["with sessions", connect], ["of 2026-07-28", connectNew]]) {
  test(`a client ${era} finds and calls the tools of every server`, { skip: direct }, async () => {
    const client = await open();
    assert.equal(client.getServerVersion().name, "promptgate");
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    for (const name of ["files__echo", "web__echo", "newest__tell"]) assert.ok(names.includes(name), name);
    for (const server of ["files", "web"]) {
      const echoed = await client.callTool({ name: `${server}__echo`, arguments: { message: "grüße 😀" } });
      assert.deepEqual(echoed.content, [{ type: "text", text: "Echo: grüße 😀" }]);
      const structured = await client.callTool({ name: `${server}__get-structured-content`, arguments: { location: "New York" } });
      assert.equal(typeof structured.structuredContent.temperature, "number");
    }
    assert.equal((await client.callTool({ name: "newest__tell", arguments: {} })).content[0].text, "told");
    await assert.rejects(client.callTool({ name: "files__nothing", arguments: {} }), /no tool/);
    await client.close();
  });

  test(`a client ${era} reads resources, prompts and completions`, { skip: direct }, async () => {
    const client = await open();
    for (const server of ["files", "web"]) {
      const uris = (await client.listResources()).resources.map((resource) => resource.uri).filter((uri) => uri.startsWith(`${server}+`));
      assert.ok(uris.length > 0);
      const read = await client.readResource({ uri: uris[0] });
      assert.equal(read.contents[0].uri, uris[0]);
      const prompt = await client.getPrompt({ name: `${server}__args-prompt`, arguments: { city: "Paris" } });
      assert.match(prompt.messages[0].content.text, /Paris/);
      const completed = await client.complete({ ref: { type: "ref/prompt", name: `${server}__completable-prompt` }, argument: { name: "department", value: "E" } });
      assert.deepEqual(completed.completion.values, ["Engineering"]);
    }
    await client.close();
  });

  test(`a client ${era} hears of progress, and may give up`, { skip: direct }, async () => {
    const client = await open();
    for (const server of ["files", "web"]) {
      const name = `${server}__trigger-long-running-operation`;
      const steps = [];
      const options = { onprogress: (progress) => steps.push(progress.progress) };
      const call = { name, arguments: { duration: 0.4, steps: 4 } };
      const done = open === connect ? await client.callTool(call, undefined, options) : await client.callTool(call, options);
      assert.match(done.content[0].text, /completed/);
      assert.deepEqual(steps, [1, 2, 3, 4]);
      const given = { signal: AbortSignal.timeout(200) };
      const long = { name, arguments: { duration: 20, steps: 2 } };
      await assert.rejects(open === connect ? client.callTool(long, undefined, given) : client.callTool(long, given));
    }
    await client.close();
  });
}

test("what a server far away is told is guarded; a program on this machine is told as it is", { skip: direct }, async () => {
  const client = await connect();
  const mail = email();
  const far = await client.callTool({ name: "web__echo", arguments: { message: `to ${mail}` } });
  assert.equal(far.content[0].text, `Echo: to ${mail}`);
  const near = await client.callTool({ name: "files__echo", arguments: { message: `to ${mail}` } });
  assert.equal(near.content[0].text, `Echo: to ${mail}`);
  const blocked = await client.callTool({ name: "web__echo", arguments: { message: awsKeyId() } });
  assert.equal(blocked.isError, true);
  assert.match(blocked.content[0].text, /aws-access-key-id/);
  const rows = (await pg.rows()).filter((row) => row.path.endsWith("/tools/call/web__echo"));
  assert.equal(rows.at(-2).redactions, "EMAIL:1");
  assert.equal(rows.at(-1).outcome, "blocked");
  await client.close();
});

test("one server alone has its own names", { skip: direct }, async () => {
  const client = await connect("/files");
  assert.ok((await client.listTools()).tools.some((tool) => tool.name === "echo"));
  assert.equal((await client.callTool({ name: "echo", arguments: { message: "x" } })).content[0].text, "Echo: x");
  await client.close();
});
