/** Texts in the viewer's language; the only file that knows i18next. */
import { createInstance } from "i18next";
import { keep, readKept } from "../kept.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Languages there are texts for. */
export const LANGUAGES = ["zh", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

type Base<Key extends string> = Key extends `${infer Name}_one` | `${infer Name}_other` ? Name : Key;
/** Key of a text; plural forms share one. */
export type TextKey = Base<keyof typeof en>;
/** Values put into a text; `count` chooses the plural form. */
export type TextValues = Readonly<Record<string, string | number>>;

const STORED = "lianmai.language";

/** The language to start with: as stored, else as the browser says, else English. */
export function firstLanguage(stored: string | null, wanted: readonly string[]): Language {
  const known = (tag: string | null): Language | undefined =>
    LANGUAGES.find((language) => tag?.toLowerCase().startsWith(language));
  const asked = known(stored);
  if (asked) return asked;
  for (const tag of wanted) {
    const language = known(tag);
    if (language) return language;
  }
  return "en";
}

export class Text {
  #language = $state<Language>("en");
  readonly #i18n = createInstance();

  constructor() {
    this.#language = firstLanguage(readKept(STORED), navigator.languages ?? [navigator.language]);
    void this.#i18n.init({
      lng: this.#language,
      fallbackLng: "en",
      resources: { zh: { translation: zh }, en: { translation: en } },
      keySeparator: false,
      nsSeparator: false,
      initAsync: false,
      interpolation: { escapeValue: false },
    });
    this.#announce();
  }

  get language(): Language {
    return this.#language;
  }

  set language(language: Language) {
    this.#language = language;
    keep(STORED, language);
    this.#announce();
  }

  /** Tag for `lang` attributes and Intl. */
  get tag(): string {
    return this.#language === "zh" ? "zh-CN" : "en";
  }

  /** The text of a key. */
  readonly t = (key: TextKey, values?: TextValues): string => this.#i18n.t(key, { lng: this.#language, ...values });

  /** The text of a key that may not exist; undefined then. */
  readonly maybe = (key: string, values?: TextValues): string | undefined =>
    this.#i18n.exists(key, { lng: this.#language }) ? this.#i18n.t(key, { lng: this.#language, ...values }) : undefined;

  #announce(): void {
    document.documentElement.lang = this.tag;
  }
}
