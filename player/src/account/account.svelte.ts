/** Who is signed in, as the server says. */
import type { Credentials, User } from "@lianmai/edge/protocol";
import type { Api } from "../api/api.ts";

/** `unknown` until the first answer. */
export type AccountState =
  | { readonly at: "unknown" }
  | { readonly at: "signed-out" }
  | { readonly at: "signed-in"; readonly user: User };

export class Account {
  state = $state.raw<AccountState>({ at: "unknown" });
  readonly #api: Pick<Api, "me" | "signIn" | "signUp" | "signOut">;

  constructor(api: Pick<Api, "me" | "signIn" | "signUp" | "signOut">) {
    this.#api = api;
  }

  get user(): User | undefined {
    return this.state.at === "signed-in" ? this.state.user : undefined;
  }

  /** Asks the server; any failure counts as signed out. */
  async load(): Promise<void> {
    try {
      this.state = { at: "signed-in", user: await this.#api.me() };
    } catch {
      this.state = { at: "signed-out" };
    }
  }

  /** @throws {ApiError} */
  async signIn(credentials: Credentials): Promise<void> {
    this.state = { at: "signed-in", user: (await this.#api.signIn(credentials)).user };
  }

  /** Makes the account and signs in. @throws {ApiError} */
  async signUp(credentials: Credentials): Promise<void> {
    this.state = { at: "signed-in", user: (await this.#api.signUp(credentials)).user };
  }

  /** @throws {ApiError} */
  async signOut(): Promise<void> {
    await this.#api.signOut();
    this.state = { at: "signed-out" };
  }
}
