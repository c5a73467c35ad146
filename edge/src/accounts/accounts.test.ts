import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session, SessionList, User } from "../protocol/api.ts";
import { openDatabase } from "../storage/database.ts";
import { PASSWORD, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let edge: TestEdge;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis, { rateLimits: { signInPerMinute: 1_000, signUpPerHour: 1_000 } });
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const signIn = (name: string, password: string, headers?: Record<string, string>) =>
  edge.call<Session>("POST", "/api/v1/sessions", { body: { name, password }, ...(headers && { headers }) });

describe("sign-up", () => {
  it("makes an account, signs it in and sets a cookie that scripts cannot read", async () => {
    const { status, body, headers } = await edge.call<Session>("POST", "/api/v1/users", {
      body: { name: "Ann", password: PASSWORD },
    });
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ name: "Ann", role: "user" });
    expect(headers.get("set-cookie")).toMatch(/^lianmai_session=[\w-]{43};.*HttpOnly;.*SameSite=Lax/);
    const me = await edge.call<User>("GET", "/api/v1/users/me", { token: body.token });
    expect(me.body).toEqual(body.user);
  });

  it("refuses a name that differs in case or width only, and names that disguise themselves", async () => {
    await edge.signUp("Bertha");
    for (const name of ["bertha", "BERTHA", "Ｂertha", " Bertha "]) {
      const { status, body } = await edge.call("POST", "/api/v1/users", { body: { name, password: PASSWORD } });
      expect([name, status, body.code]).toEqual([name, 409, "name-taken"]);
    }
    for (const name of ["a\u202Eb", "nul\u0000l", "_x", "\u200Bab"]) {
      const { body } = await edge.call("POST", "/api/v1/users", { body: { name, password: PASSWORD } });
      expect([name, body.code]).toEqual([name, "invalid-request"]);
    }
  });

  it("says which field does not fit", async () => {
    const { status, body } = await edge.call("POST", "/api/v1/users", {
      body: { name: "Al", password: "short", role: 1 },
    });
    expect([status, body.code]).toEqual([400, "invalid-request"]);
    expect(body.fields?.map(({ path }) => path)).toContain("/password");
  });

  it("lets one of several at once have the name", async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        edge.call("POST", "/api/v1/users", { body: { name: "Racer", password: PASSWORD } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });
});

describe("sign-in", () => {
  it("answers the same for a wrong password and for nobody", async () => {
    await edge.signUp("Carl");
    const wrong = await signIn("Carl", "not the password");
    const nobody = await signIn("Nobody", "not the password");
    expect(wrong.status).toBe(401);
    expect(nobody.body).toEqual(wrong.body);
  });

  it("makes whoever guesses wait longer and longer, but not others", async () => {
    const { token } = await edge.signUp("Dora");
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const { status, body } = await edge.call("POST", "/api/v1/sessions", {
        body: { name: "Dora", password: "a guess" },
      });
      if (status === 429) waits.push(body.retryAfterMs ?? 0);
      else expect(body.code).toBe("wrong-credentials");
    }
    expect(waits.length).toBeGreaterThan(0);
    const locked = await edge.call("POST", "/api/v1/sessions", { body: { name: "Dora", password: PASSWORD } });
    expect([locked.status, locked.body.code]).toEqual([429, "locked-out"]);
    expect(Number(locked.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await edge.call("GET", "/api/v1/users/me", { token })).status).toBe(200);
    expect((await signIn("Ann", PASSWORD)).status).toBe(201);
  });

  it("keeps neither token nor password in the database", async () => {
    const { token } = await edge.signUp("Edna");
    const database = openDatabase(`${edge.dataDir}/lianmai.sqlite`);
    const text = JSON.stringify([database.all("SELECT * FROM users"), database.all("SELECT * FROM sessions")]);
    database.close();
    expect(text).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(text.includes(token) || text.includes(PASSWORD)).toBe(false);
  });
});

describe("sessions", () => {
  it("are listed and end one by one, at once", async () => {
    const first = await edge.signUp("Fred");
    const second = (await signIn("Fred", PASSWORD, { "user-agent": "phone" })).body;
    const list = await edge.call<SessionList>("GET", "/api/v1/sessions", { token: first.token });
    expect(list.body.sessions).toHaveLength(2);
    const other = list.body.sessions.find(({ current }) => !current);
    expect(other?.userAgent).toBe("phone");
    const ended = await edge.call("DELETE", `/api/v1/sessions/${other?.id}`, { token: first.token });
    expect(ended.status).toBe(204);
    expect((await edge.call("GET", "/api/v1/users/me", { token: second.token })).status).toBe(401);
    expect((await edge.call("DELETE", "/api/v1/sessions/current", { token: first.token })).status).toBe(204);
    const gone = await edge.call("GET", "/api/v1/users/me", { token: first.token });
    expect([gone.status, gone.body.code]).toEqual([401, "not-signed-in"]);
  });

  it("of others cannot be ended", async () => {
    const [gina, hugo] = [await edge.signUp("Gina"), await edge.signUp("Hugo")];
    const list = await edge.call<SessionList>("GET", "/api/v1/sessions", { token: hugo.token });
    const attempt = await edge.call("DELETE", `/api/v1/sessions/${list.body.sessions[0]?.id}`, { token: gina.token });
    expect(attempt.body.code).toBe("session-not-found");
  });

  it("other than the current one end with a change of password", async () => {
    const first = await edge.signUp("Ines");
    const second = (await signIn("Ines", PASSWORD)).body;
    const body = { currentPassword: PASSWORD, newPassword: "another good one" };
    const wrong = { ...body, currentPassword: "wrong" };
    expect((await edge.call("POST", "/api/v1/users/me/password", { token: first.token, body: wrong })).status).toBe(
      401,
    );
    expect((await edge.call("POST", "/api/v1/users/me/password", { token: first.token, body })).status).toBe(204);
    expect((await edge.call("GET", "/api/v1/users/me", { token: first.token })).status).toBe(200);
    expect((await edge.call("GET", "/api/v1/users/me", { token: second.token })).status).toBe(401);
    expect((await signIn("Ines", PASSWORD)).status).toBe(401);
    expect((await signIn("Ines", "another good one")).status).toBe(201);
  });

  it("expire a month after their last use, not after their start", async () => {
    let nowMs = Date.now();
    const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
    const other = await startTestEdge(redis, { clock });
    const { token } = await other.signUp("Jack");
    const day = 24 * 3_600_000;
    nowMs += 29 * day;
    expect((await other.call("GET", "/api/v1/users/me", { token })).status).toBe(200);
    nowMs += 29 * day;
    expect((await other.call("GET", "/api/v1/users/me", { token })).status).toBe(200);
    nowMs += 31 * day;
    expect((await other.call("GET", "/api/v1/users/me", { token })).status).toBe(401);
    await other.stop();
  });
});

describe("the browser's cookie", () => {
  it("reads, and changes only what this site's own pages ask for", async () => {
    const { token } = await edge.signUp("Kate");
    const cookie = `lianmai_session=${token}`;
    const create = (slug: string, headers: Record<string, string>) =>
      edge.call("POST", "/api/v1/rooms", { body: { slug, title: "Kate" }, headers: { cookie, ...headers } });
    expect((await edge.call("GET", "/api/v1/users/me", { headers: { cookie } })).status).toBe(200);
    expect((await create("kate-0", {})).body.code).toBe("cross-site");
    expect((await create("kate-1", { origin: "https://evil.example" })).body.code).toBe("cross-site");
    expect((await create("kate-2", { "sec-fetch-site": "cross-site", origin: edge.url })).body.code).toBe("cross-site");
    expect((await create("kate-3", { "sec-fetch-site": "same-site" })).body.code).toBe("cross-site");
    expect((await create("kate-4", { "sec-fetch-site": "same-origin" })).status).toBe(201);
    expect((await create("kate-5", { origin: edge.url })).status).toBe(201);
  });
});

describe("the first account", () => {
  it("has the given password, follows its change, and is generated once when none is given", async () => {
    expect((await signIn("admin", PASSWORD)).body.user.role).toBe("admin");
    const generated = await startTestEdge(redis, { env: { ADMIN_PASSWORD: "" } });
    const password = generated.edge.generatedPassword ?? "";
    expect(password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
    const { dataDir } = generated;
    await generated.edge.stop();
    const again = await startTestEdge(redis, { dataDir, env: { ADMIN_PASSWORD: "" } });
    expect(again.edge.generatedPassword).toBeUndefined();
    const body = { name: "admin", password };
    const { token } = (await again.call<Session>("POST", "/api/v1/sessions", { body })).body;
    await again.stop();
    const changed = await startTestEdge(redis, { dataDir, env: { ADMIN_PASSWORD: "chosen later" } });
    expect((await changed.call("POST", "/api/v1/sessions", { body })).status).toBe(401);
    expect((await changed.call("GET", "/api/v1/users/me", { token })).status).toBe(401);
    const chosen = { name: "admin", password: "chosen later" };
    expect((await changed.call("POST", "/api/v1/sessions", { body: chosen })).status).toBe(201);
    await changed.stop();
  });
});

describe("rate limits", () => {
  it("answer 429 with Retry-After, by address for sign-in and sign-up and by account for changes", async () => {
    const tight = await startTestEdge(redis, {
      rateLimits: { signInPerMinute: 2, signUpPerHour: 2, writesPerMinute: 3 },
    });
    const ann = await tight.signUp("Ann");
    const bob = await tight.signUp("Bob");
    const third = await tight.call("POST", "/api/v1/users", { body: { name: "Cid", password: PASSWORD } });
    expect([third.status, third.body.code]).toEqual([429, "too-many-requests"]);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(third.headers.get("content-type")).toContain("application/problem+json");
    const create = (token: string, slug: string) =>
      tight.call("POST", "/api/v1/rooms", { token, body: { slug, title: "x" } }).then(({ status }) => status);
    const statuses = [];
    for (const slug of ["a1", "a2", "a3", "a4"]) statuses.push(await create(ann.token, slug));
    expect(statuses).toEqual([201, 201, 201, 429]);
    expect(await create(bob.token, "b1")).toBe(201);
    const tries = [];
    for (let n = 0; n < 3; n += 1) {
      tries.push((await tight.call("POST", "/api/v1/sessions", { body: { name: `n${n}`, password: "x" } })).status);
    }
    expect(tries).toEqual([401, 401, 429]);
    await tight.stop();
  });
});
