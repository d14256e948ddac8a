// Starts the pg binary under test (PG_BINARY) in a home of its own, in front of a fake provider; without PG_BINARY, "direct" mode
// points the clients at the fake itself, so that the fake can be judged alone.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const later = (ms) => new Promise((done) => setTimeout(done, ms));
export const direct = !process.env.PG_BINARY;
const kProject = "7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11";

/** pg with one project per guard setting: {name: "secrets = \"block\"…"}, or {name: {guards, provider}}, or {name: {text}}, its whole
 * file but for the id; the providers are `fake`, which
 * speaks everything, `only-chat` and `only-messages`, which speak one dialect, and `like-openai`, which takes Responses first. */
export async function startPg(provider, guards, keyArgs = []) {
  if (direct) {
    return { direct, key: "direct", home: null, base: () => provider.base.replace(/\/v1$/, ""), rows: () => [], err: () => "", stop: async () => {} };
  }
  const home = mkdtempSync(join(tmpdir(), "pg-sdk-"));
  const settings = join(home, "config/promptgate/pg.toml");
  mkdirSync(join(home, "config/promptgate/projects"), { recursive: true });
  writeFileSync(settings, `[providers.fake]\nopenai_base_url = "${provider.base}"\nanthropic_base_url = "${provider.base}"\ncredential = "env:FAKE_KEY"\n` +
    `[providers.only-chat]\nopenai_base_url = "${provider.base}"\nresponses = false\ncredential = "env:FAKE_KEY"\n` +
    `[providers.only-messages]\nanthropic_base_url = "${provider.base}"\ncredential = "env:FAKE_KEY"\n` +
    `[providers.like-openai]\nopenai_base_url = "${provider.base}"\nvendor = "openai"\ncredential = "env:FAKE_KEY"\n`);
  let number = 0;
  for (const [name, wanted] of Object.entries(guards)) {
    const { guards: lines, provider: used, text } = typeof wanted === "string" ? { guards: wanted, provider: "fake" } : wanted;
    const id = kProject.slice(0, -1) + number++;
    writeFileSync(join(home, `config/promptgate/projects/${name}.toml`),
                  text ? `id = "${id}"\n${text}` : `id = "${id}"\ntype = "agent"\nproviders = ["${used}"]\n[guards]\n${lines}\n`);
  }
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, XDG_CONFIG_HOME: join(home, "config"), XDG_DATA_HOME: join(home, "data"),
                XDG_STATE_HOME: join(home, "state"), TZ: "UTC", FAKE_KEY: "fake-provider-credential" };
  const run = (...args) => spawnSync(process.env.PG_BINARY, [...args, "--config", settings], { env, encoding: "utf8", timeout: 10_000 });
  run("init");
  const addKey = (...args) => {
    const added = run("keys", "add", ...args);
    const made = /pg_live_[A-Za-z0-9_-]+/.exec(added.stdout ?? "")?.[0];
    if (!made) throw new Error(`pg keys add: ${added.error ?? ""} ${added.stdout} ${added.stderr}`);
    return made;
  };
  const key = addKey("sdk", ...keyArgs);
  const ready = join(home, "ready");
  let err = "";
  const child = spawn(process.env.PG_BINARY, ["serve", "--listen", "127.0.0.1:0", "--config", settings, "--ready-file", ready],
                      { env, stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.on("data", (data) => (err += data));
  child.stdout.on("data", (data) => (err += data));
  process.once("exit", () => child.kill("SIGKILL"));
  for (let i = 0; i < 500 && !(existsSync(ready) && readFileSync(ready, "utf8").includes("://")) && child.exitCode === null; ++i) await later(10);
  if (!existsSync(ready)) throw new Error(`pg serve did not start: ${err}`);
  const url = readFileSync(ready, "utf8").trim();
  return {
    direct, key, home, err: () => err,
    base: (project) => `${url}/api/${project}`,
    /** Every row so far, oldest first; waits a little for the journal. */
    rows: async () => {
      await later(300);
      const out = run("logs", "tail", "-n", "10000", "--json").stdout;
      return out.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    },
    stop: async () => {
      child.kill("SIGTERM");
      const end = new Promise((done) => child.once("exit", done));
      await Promise.race([end, later(3000).then(() => child.kill("SIGKILL"))]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export const kRedact = 'secrets = "redact"\nemail = "redact"\niban = "redact"\ncard = "redact"\nssn = "redact"';
export const kBlock = 'secrets = "block"\nemail = "redact"\niban = "redact"\ncard = "redact"\nssn = "redact"';

/** Values made at run time, so that no scanner finds them in the source. */
export const email = (name = "jane.doe") => `${name}@${"example"}.com`;
export function awsKeyId() {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let tail = "";
  for (let i = 0, x = 12345; i < 16; ++i, x = (x * 1103515245 + 12345) % 2147483648) tail += alphabet[(x >> 8) % 32];
  return ["AK", "IA", tail].join("");
}
