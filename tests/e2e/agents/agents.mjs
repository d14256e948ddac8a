// How each coding agent is pointed at a base URL and run headless for one prompt. One row an agent and a dialect.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Pinned: the versions whose behaviour the tests were written against. */
export const kPackages = {
  "@anthropic-ai/claude-code": "2.1.329",
  "@openai/codex": "0.169.0",
  "opencode-ai": "1.18.33",
  "@continuedev/cli": "1.5.47",
  cline: "3.0.65",
};

/** No telemetry, no updates, no proxies: nothing but loopback (run.sh also takes the network away). */
export const kQuiet = {
  DISABLE_TELEMETRY: "1", DO_NOT_TRACK: "1", DISABLE_AUTOUPDATER: "1", DISABLE_ERROR_REPORTING: "1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_ENABLE_TELEMETRY: "0", OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1", OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_DEFAULT_PLUGINS: "1", OPENCODE_DISABLE_SHARE: "1", CONTINUE_TELEMETRY_ENABLED: "0", CONTINUE_CLI_ENABLE_TELEMETRY: "0", TELEMETRY_ENABLED: "0",
  CLINE_TELEMETRY_DISABLED: "1", CLINE_NO_AUTO_UPDATE: "1", NO_UPDATE_NOTIFIER: "1", NO_COLOR: "1", TERM: "dumb", CI: "1", NO_PROXY: "127.0.0.1,localhost",
  no_proxy: "127.0.0.1,localhost",
};

const kModel = { anthropic: "claude-opus-5-5", chat: "gpt-4.1", responses: "gpt-5.1" };

function writeJson(file, value) {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value, null, 1));
}

function opencode(provider, npm, model) {
  return (base, key, home) => {
    const options = { baseURL: `${base}/v1`, apiKey: key };
    const models = { [model]: {}, small: {} };
    const config = { model: `${provider}/${model}`, small_model: `${provider}/small`, autoupdate: false, share: "disabled", permission: { bash: "allow", edit: "allow" },
                     provider: { [provider]: { npm, name: "PromptGate", options, models } } };
    writeJson(join(home, "opencode.json"), config);
    return { env: { OPENCODE_CONFIG: join(home, "opencode.json") }, argv: (prompt) => ["opencode", "run", "-m", `${provider}/${model}`, prompt] };
  };
}

function continueCli(provider, model) {
  return (base, key, home) => {
    const file = join(home, "continue.yaml");
    writeJson(file, `name: PromptGate\nversion: 1.0.0\nschema: v1\nmodels:\n` +
      `  - {name: pg, provider: ${provider}, model: ${model}, apiBase: "${base}/v1", apiKey: "${key}", roles: [chat, edit, apply]}\n`);
    return { env: {}, argv: (prompt) => ["cn", "-p", "--auto", "--config", file, prompt] };
  };
}

/** name, what it speaks, and set_up(base, key, home) -> {env, argv(prompt), before?}; `base` is without /v1. */
export const kAgents = [
  {
    name: "claude-code", dialect: "anthropic",
    set_up: (base, key) => ({
      env: { ANTHROPIC_BASE_URL: base, ANTHROPIC_AUTH_TOKEN: key, CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: "1" },
      argv: (prompt) => ["claude", "-p", prompt, "--allowedTools", "Bash"],
    }),
  },
  {
    name: "codex", dialect: "responses",
    set_up: (base, key, home) => {
      writeJson(join(home, ".codex/config.toml"), `model_provider = "pg"\n[model_providers.pg]\nname = "PromptGate"\nbase_url = "${base}/v1"\n` +
        `env_key = "PG_API_KEY"\nwire_api = "responses"\nstream_max_retries = 0\n[analytics]\nenabled = false\n`);
      return { env: { PG_API_KEY: key },
               argv: (prompt) => ["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt] };
    },
  },
  {
    name: "codex (function tools)", dialect: "responses",
    set_up: (base, key, home) => {
      const codex = kAgents.find((agent) => agent.name === "codex").set_up(base, key, home);
      return { ...codex, argv: (prompt) => [...codex.argv(prompt).slice(0, -1), "-m", "some-unknown-model", prompt] };
    },
  },
  { name: "opencode (chat)", dialect: "chat", set_up: opencode("pg", "@ai-sdk/openai-compatible", kModel.chat) },
  { name: "opencode (anthropic)", dialect: "anthropic", set_up: opencode("pga", "@ai-sdk/anthropic", kModel.anthropic) },
  { name: "opencode (responses)", dialect: "responses", set_up: opencode("pgr", "@ai-sdk/openai", kModel.responses) },
  { name: "continue (chat)", dialect: "chat", set_up: continueCli("openai", kModel.chat) },
  { name: "continue (responses)", dialect: "responses", set_up: continueCli("openai", kModel.responses) },
  { name: "continue (anthropic)", dialect: "anthropic", set_up: continueCli("anthropic", kModel.anthropic) },
  {
    name: "cline (chat)", dialect: "chat",
    set_up: (base, key) => ({
      env: {},
      before: ["cline", "auth", "-p", "openai", "-k", key, "-b", `${base}/v1`, "-m", kModel.chat],
      argv: (prompt) => ["cline", "-P", "openai-compatible", "-m", kModel.chat, prompt],
    }),
  },
  {
    name: "cline (anthropic)", dialect: "anthropic",
    set_up: (base, key, home) => {
      const settings = { provider: "anthropic", apiKey: key, model: kModel.anthropic, baseUrl: `${base}/v1` };
      const entry = { settings, updatedAt: "2026-01-01T00:00:00.000Z", tokenSource: "manual" };
      writeJson(join(home, ".cline/data/settings/providers.json"), { version: 1, lastUsedProvider: "anthropic", providers: { anthropic: entry } });
      return { env: {}, argv: (prompt) => ["cline", "-P", "anthropic", "-m", kModel.anthropic, prompt] };
    },
  },
];

/** The shell tool of whichever agent asks: how it is called with one command. */
export function shellTool(seen, command) {
  const json = seen.json ?? {};
  const names = (json.tools ?? []).map((tool) => tool.name ?? tool.function?.name ?? tool.type);
  const nested = (Array.isArray(json.input) ? json.input : []).filter((item) => item.type === "additional_tools").flatMap((item) => item.tools ?? []);
  const inner = nested.flatMap((tool) => (tool.tools ? tool.tools.map((one) => ({ ...one, namespace: tool.name })) : [tool]));
  const exec = inner.find((tool) => tool.name === "exec");
  if (exec) {
    const input = `const r = await tools.exec_command({cmd: ${JSON.stringify(command)}}); text(r.output);`;
    return { name: "exec", custom: true, namespace: exec.namespace, input };
  }
  const known = {
    Bash: { command, description: "Run a command" },
    bash: { command, description: "Run a command" },
    exec_command: { cmd: command },
    run_commands: { commands: [command] },
    execute_command: { command, requires_approval: false },
  };
  const name = names.find((one) => Object.hasOwn(known, one));
  return name && { name, input: known[name] };
}
