/** What pages share, handed down by context. */
import { createContext } from "svelte";
import type { Account } from "./account/account.svelte.ts";
import type { Api } from "./api/api.ts";
import type { Text } from "./text/text.svelte.ts";

/** Collaborators of every page. */
export type Services = { readonly api: Api; readonly account: Account; readonly text: Text };

/** Reads and sets the {@link Services} of the component tree. */
export const [useServices, provideServices] = createContext<Services>();
