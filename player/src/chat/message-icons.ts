import type { Component } from "svelte";
import {
  IconAt,
  IconBan,
  IconClock,
  IconCopy,
  IconFlag,
  IconLogOut,
  IconMegaphoneOff,
  IconPin,
  IconReply,
  IconTrash,
  IconUndo,
  IconUser,
  IconWarning,
} from "../ui/icons.ts";
import type { MessageActKey } from "./message-acts.ts";

type Icon = Component<{ size?: number; "aria-hidden"?: "true" }>;

/** Icons of what may be done with a message. */
export const messageIcons = {
  reply: IconReply,
  mention: IconAt,
  copy: IconCopy,
  person: IconUser,
  report: IconFlag,
  pin: IconPin,
  delete: IconTrash,
  restore: IconUndo,
  warn: IconWarning,
  mute1: IconClock,
  mute10: IconMegaphoneOff,
  muteForGood: IconMegaphoneOff,
  purge: IconTrash,
  kick: IconLogOut,
  ban: IconBan,
} as unknown as Readonly<Record<MessageActKey, Icon>>;
