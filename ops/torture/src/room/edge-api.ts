const PASSWORD = "torture only";

/** The requests that set a room under torture up. */
export class EdgeApi {
  readonly #base: string;
  #answered = false;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}`;
  }

  /** Looked at while it starts; true from its first answer on. */
  isUp(): boolean {
    void fetch(`${this.#base}/healthz`).then(
      () => {
        this.#answered = true;
      },
      () => undefined,
    );
    return this.#answered;
  }

  /** Makes an account; answers its session. */
  async signUp(name: string): Promise<string> {
    const session = await this.#post("/api/v1/users", undefined, { name, password: PASSWORD });
    return (session as { token: string }).token;
  }

  async makeRoom(session: string, slug: string): Promise<void> {
    await this.#post("/api/v1/rooms", session, { slug, title: slug });
  }

  /** Who a session is in rooms. */
  async userId(session: string): Promise<string> {
    const token = await this.#post("/api/v1/room/token", session, {});
    return (token as { user: { id: string } }).user.id;
  }

  async #post(path: string, session: string | undefined, body: unknown): Promise<unknown> {
    const headers = {
      "content-type": "application/json",
      ...(session !== undefined && { authorization: `Bearer ${session}` }),
    };
    const response = await fetch(this.#base + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }
}
