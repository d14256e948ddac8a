// Runs every agent through four turns (text, tool, redacted values, blocked) and prints a table. See run.sh.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeProvider, placeholders } from "../sdk/fake_provider.mjs";
import { awsKeyId, direct, email, kBlock, kRedact, startPg } from "../sdk/pg.mjs";
import { kAgents, kQuiet, shellTool } from "./agents.mjs";

const work = process.env.PG_AGENTS_DIR;
const chosen = process.argv.slice(2);
const verbose = Boolean(process.env.PG_VERBOSE);
const limit_ms = Number(process.env.PG_AGENT_LIMIT ?? 90) * 1000;
const secret = awsKeyId();

/** Ends with its whole process group when it takes too long. */
function run(argv, env, cwd, limit = limit_ms) {
  return new Promise((done) => {
    let out = "";
    const child = spawn(join(work, "npm/node_modules/.bin", argv[0]), argv.slice(1), { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => {
      out += "\n[killed: took too long]";
      stop();
    }, limit);
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    };
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (out += data));
    child.on("error", (error) => done({ status: -1, out: String(error) }));
    child.on("close", (status) => {
      clearTimeout(timer);
      stop();
      done({ status, out: out.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "") });
    });
  });
}

/** True when the conversation holds a tool's result (the words alone may stand in a tool's description). */
function has_result({ json = {} }) {
  const items = [...(json.messages ?? []), ...(Array.isArray(json.input) ? json.input : [])];
  const parts = items.flatMap((item) => [item, ...(Array.isArray(item.content) ? item.content : [])]);
  return parts.some((part) => part.role === "tool" || part.type === "tool_result" || /_call_output$/.test(part.type ?? ""));
}

/** What the model says in each turn; requests without a shell tool are titles and the like. */
const kScripts = {
  text: () => [{ text: "The answer is forty-two." }],
  tool: (seen) => {
    const tool = shellTool(seen, "printf tool-%s ran > tool.txt && echo made-by-the-tool");
    if (!tool) return [{ text: "A title" }];
    if (!has_result(seen)) return [{ text: "I will call a tool." }, { tool }];
    return [{ text: seen.text.includes("made-by-the-tool") ? "The tool said what it should." : "The tool result is missing." }];
  },
  redact: (seen) => {
    const tokens = direct ? [email(), secret] : placeholders(seen.text);
    const tool = shellTool(seen, `printf '%s %s' '${tokens[0]}' '${tokens[1]}' > redact.txt && cat redact.txt`);
    if (!tool) return [{ text: "A title" }];
    if (!has_result(seen)) return [{ text: `Writing to ${tokens[0]} with ${tokens[1]}.` }, { tool }];
    return [{ text: `Done for ${tokens[0]}.` }];
  },
  block: () => [{ text: "This must never be seen." }],
};
const kPrompts = {
  text: "What is the answer?",
  tool: "Please run the tool.",
  redact: `Please write to ${email()} using ${secret} and store both.`,
  block: `Please use the key ${secret} now.`,
};

/** "" when the turn went as it should, else what went wrong. */
function judge(turn, cwd, result, seen, rows) {
  const file = (name) => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), "utf8") : "(no file)");
  if (result.out.includes("[killed: took too long]")) return `still running after ${limit_ms / 1000} s, ${seen.length} requests`;
  if (turn === "text") return result.out.includes("The answer is forty-two.") ? "" : "the text did not come through";
  if (turn === "tool") {
    if (file("tool.txt") !== "tool-ran") return `the tool did not run: ${file("tool.txt")}`;
    return result.out.includes("The tool said what it should.") ? "" : "the last text did not come through";
  }
  if (turn === "redact") {
    if (!direct && seen.some((one) => one.text.includes(email()) || one.text.includes(secret))) return "a value reached the provider";
    if (file("redact.txt") !== `${email()} ${secret}`) return `the tool's argument was not whole: ${file("redact.txt")}`;
    return result.out.includes(`Done for ${email()}.`) ? "" : "the last text was not whole";
  }
  if (seen.length > 0) return `${seen.length} requests reached the provider`;
  const calls = rows.filter((row) => row.method === "POST");
  // opencode asks for a title beside the turn: the same text, the same policy, no second try.
  const tries = new Set(calls.map((row) => row.model)).size;
  if (calls.length !== tries) return `${calls.length} requests for ${tries} model(s): it tried again`;
  return /aws/i.test(result.out) && /\/clear|\/rewind|new session/i.test(result.out) ? "" : "the message was not shown";
}

const provider = await fakeProvider(() => [{ text: "ok" }]);
const pg = await startPg(provider, { test: kRedact, strict: kBlock });
const table = [];
for (const agent of kAgents.filter((one) => chosen.length === 0 || chosen.some((word) => one.name.startsWith(word)))) {
  const line = { agent: agent.name };
  for (const turn of direct ? ["text", "tool", "redact"] : ["text", "tool", "redact", "block"]) {
    const home = mkdtempSync(join(work, "home-"));
    const cwd = join(home, "project");
    mkdirSync(cwd);
    writeFileSync(join(cwd, "README.md"), "A project.\n");
    provider.requests.length = 0;
    provider.decide = kScripts[turn];
    const before = direct ? 0 : (await pg.rows()).length;
    const { env, argv, before: first } = agent.set_up(pg.base(turn === "block" ? "strict" : "test"), pg.key, home);
    const full = { ...kQuiet, ...env, HOME: home, XDG_CONFIG_HOME: join(home, "xdg/config"), XDG_DATA_HOME: join(home, "xdg/data"), XDG_CACHE_HOME: join(home, "xdg/cache"),
                   XDG_STATE_HOME: join(home, "xdg/state"), TMPDIR: home, LANG: "C.UTF-8", PATH: `${join(process.execPath, "..")}:/usr/local/bin:/usr/bin:/bin` };
    if (first) await run(first, full, cwd, 60_000);
    const begin = Date.now();
    const result = await run(argv(kPrompts[turn]), full, cwd);
    const rows = direct ? [] : (await pg.rows()).slice(before);
    const wrong = judge(turn, cwd, result, provider.calls(), rows);
    line[turn] = wrong === "" ? "ok" : wrong;
    const asked = direct ? provider.calls().length : rows.length;
    console.log(`${agent.name} ${turn}: ${line[turn]} (${((Date.now() - begin) / 1000).toFixed(1)} s, ${asked} requests, exit ${result.status})`);
    if (verbose || wrong !== "") console.log(result.out.slice(-1500).replace(/^/gm, "    | "));
    if (verbose || wrong !== "") for (const row of rows) console.log(`    # ${row.method} ${row.path} ${row.model} ${row.status} ${row.error ?? ""}`);
    rmSync(home, { recursive: true, force: true });
  }
  table.push(line);
}
await pg.stop();
await provider.close();
const columns = ["agent", "text", "tool", "redact", ...(direct ? [] : ["block"])];
const width = (column) => Math.max(column.length, ...table.map((line) => (line[column] ?? "").length));
console.log("");
for (const line of [Object.fromEntries(columns.map((column) => [column, column])), ...table]) {
  console.log(columns.map((column) => (line[column] ?? "").padEnd(width(column))).join("  ").trimEnd());
}
process.exit(table.every((line) => columns.slice(1).every((column) => line[column] === "ok")) ? 0 : 1);
