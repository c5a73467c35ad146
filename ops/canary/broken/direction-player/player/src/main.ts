import { mount } from "svelte";
import App from "./app.svelte";
import "../../ingest/src/greet.ts";

mount(App, { target: document.body, props: { name: "you" } });
