/** Signs that stand for others in the eyes or ears of a reader: tables of our own beside those of the libraries. */

/** Latin look-alikes that the confusables table lacks or reads otherwise. */
export const LATIN_LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ꜰ: "f",
    ꞯ: "q",
    ҩ: "q",
    μ: "u",
    µ: "u",
    λ: "l",
    π: "n",
    δ: "d",
    ß: "b",
    æ: "ae",
    œ: "oe",
    ʞ: "k",
    ɟ: "f",
  }),
);

/** Han characters that are the same word to every reader; traditional ones are a library's business. */
export const SAME_CHARACTER: ReadonlyMap<string, string> = new Map(
  Object.entries({
    妳: "你",
    砲: "炮",
    屄: "逼",
    肏: "操",
    祂: "他",
    姦: "奸",
    賎: "贱",
    堃: "坤",
    捌: "八",
    曰: "日",
    毐: "毒",
  }),
);

/** Digits and signs read as letters: first the usual reading, then the other one where there is one. */
export const LEET: ReadonlyMap<string, readonly [string, string]> = new Map(
  Object.entries({
    "0": "oo",
    "1": "il",
    "2": "zz",
    "3": "ee",
    "4": "aa",
    "5": "ss",
    "6": "gb",
    "7": "tt",
    "8": "bb",
    "9": "gq",
    "@": "aa",
    $: "ss",
    "!": "il",
    "|": "li",
    "+": "tt",
    "€": "ee",
    "£": "ll",
    "¢": "cc",
    "(": "cc",
    "<": "cc",
    "¥": "yy",
    "§": "ss",
    "¡": "il",
    "©": "cc",
    "#": "hh",
    卂: "ff",
    乃: "bb",
  }).map(([sign, readings]) => [sign, [readings.charAt(0), readings.charAt(1)]] as const),
);

/** Signs that draw a letter together. */
export const DRAWN_LETTERS: ReadonlyMap<string, string> = new Map([
  ["|-|", "h"],
  ["|_|", "u"],
  ["|<", "k"],
  ["|)", "d"],
  ["|3", "b"],
]);

/** Zhuyin, letter by letter in pinyin. */
export const ZHUYIN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ ㄅ: "b", ㄆ: "p", ㄇ: "m", ㄈ: "f", ㄉ: "d", ㄊ: "t", ㄋ: "n", ㄌ: "l", ㄍ: "g", ㄎ: "k", ㄏ: "h", ㄐ: "j" },
    ...{
      ㄑ: "q",
      ㄒ: "x",
      ㄓ: "zh",
      ㄔ: "ch",
      ㄕ: "sh",
      ㄖ: "r",
      ㄗ: "z",
      ㄘ: "c",
      ㄙ: "s",
      ㄚ: "a",
      ㄛ: "o",
      ㄜ: "e",
    },
    ...{
      ㄝ: "e",
      ㄞ: "ai",
      ㄟ: "ei",
      ㄠ: "ao",
      ㄡ: "ou",
      ㄢ: "an",
      ㄣ: "en",
      ㄤ: "ang",
      ㄥ: "eng",
      ㄧ: "i",
      ㄨ: "u",
      ㄩ: "v",
    },
  }),
);

/** Signs that people put in place of a letter they leave out. */
export const MASKS: ReadonlySet<string> = new Set("*＊●○•#×⁎∗");

/** Emoji read aloud as a Chinese syllable (pinyin without tone). */
export const EMOJI_SOUNDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "🐴": "ma",
    "🐎": "ma",
    "🏇": "ma",
    "👩": "ma",
    "🐶": "gou",
    "🐕": "gou",
    "🐷": "zhu",
    "🐖": "zhu",
    "🐔": "ji",
    "🐓": "ji",
    "🐤": "ji",
    "🌿": "cao",
    "🌱": "cao",
    "☘": "cao",
    "🍀": "cao",
    "💩": "shi",
    "💊": "yao",
    "🔫": "qiang",
    "💣": "bao",
    "🖊": "bi",
    "✏": "bi",
    "🖋": "bi",
    "💰": "qian",
    "💵": "qian",
    "💀": "si",
    "☠": "si",
    "⚰": "si",
    "👶": "ni",
    "🍑": "tun",
    "🐍": "she",
    "🍐": "li",
    "🎲": "du",
    "🚗": "che",
    "🈲": "jin",
    "🧠": "nao",
    "➕": "jia",
    "+": "jia",
    "🐢": "gui",
    "🍋": "ning",
  }),
);

/** Characters written as their parts side by side; alternatives are separated by a space. */
const SPLITS = `
妈女马 你亻尔 他亻也 她女也 们亻门 操扌喿 傻亻傻 法氵去 轮车仑 功工力 赌贝者 博十尃 加力口 信亻言 钱钅戋 彩采彡 性忄生
裸衤果 聊耳卯 枪木仓 嫖女票 娼女昌 妓女支 贱贝戋 婊女表 狗犭句 猪犭者 死歹匕 垃土立 圾土及 骗马扁 约纟勺 炮火包 炸火乍
群君羊 代亻弋 粉米分 挂扌圭 外夕卜 辅车甫 助且力 私禾厶 领令页 红纟工 福礻畐 利禾刂 视礻见 频步页 鸡又鸟 精米青 神礻申
吗口马 吊口巾 智知日 障阝章 妹女未 奶女乃 胸月匈 阴阝月 肛月工 奸女干 滚氵衮 蛋疋虫 脑月㐫 残歹戋 杂九木 种禾中 婆波女
色刀巴 情忄青 毒龶母 品口口口 淫氵㸒 荡氵汤 骚马蚤 货化贝 强弓虽 明日月 的白勺 知矢口 什亻十 时日寸 刷尸刂 叉又丶 娘女良
鸭甲鸟 蠢春虫 绿纟录 帽巾冒 冰冫水 体亻本 佣亻用 偷亻俞 拍扌白 拿合手 诈讠乍 贷代贝 款士示 投扌殳 资次贝
`;

/** Characters that look much like another. */
const SHAPES = `
微徽徵薇 信佶 赌睹堵 博搏傅 彩釆 票漂 枪抢 逼偪 妈嬷 操澡噪 傻儍 法珐 轮沦抡 功攻巧 狗拘 死㱑 贱溅践 裸课棵 骗编遍 群裙
代伐 刷唰 私秘 炮炰 约药 色巴 情请清 毒每 钱线浅 婊裱 滚磙 蛋旦 废癈 脑恼 残浅 垃拉 圾极 奶仍 鸡鸠 婆菠 淫滛 强犟
`;

const entries = (table: string): [string, string[]][] =>
  table
    .trim()
    .split(/\s+/u)
    .map((entry) => {
      const [whole = "", ...others] = entry;
      return [whole, others];
    });

/** The parts a character may be written as, in one string. */
export const CHARACTER_PARTS: ReadonlyMap<string, string> = new Map(
  entries(SPLITS).map(([whole, parts]) => [whole, parts.join("")]),
);

/** Look-alikes of a character. */
export const CHARACTER_SHAPES: ReadonlyMap<string, readonly string[]> = new Map(entries(SHAPES));

/** Short English words that stand beside others in ordinary sentences: two of them never make a bad word. */
export const ORDINARY_WORDS: ReadonlySet<string> = new Set(
  `a i u r s t d m x y n o am an as at be by do go he hi hit if in is it its me my no of oh ok on or ow pa pen pic so to
  up us we was ash ass add all and any are art ask bad bag ban bar bat bed bet big bit box boy bus but buy can cap car
  cat cut dad day did die dog dot dry due eat egg end far fat few fit fix fly for fun gas get god got gun guy had hat
  has her hey him his hot how ice ill job key kid law lay led leg let lie lot low mad man map may men mix mom net new
  nod not now nut odd off old one our out own pay per pig pin pit pop pot put ran raw red rid row run sad sat saw say
  sea see set she sin sit six sky son sun tap tax tea ten the tie tip toe too top toy try two use van via war way web
  wet who why win won yes yet you push pass mass class grass show tick wick lick sock rock dick duck luck suck just
  that this with from have they them then than what when were been more some time like good very even also back after
  shot shop ship shut cock tail tails coin con cum rap rape ape grape pus puss pussy cat fan fag got got nig her hers
  sex six sext ants an al anal y lyse ist tit tits tle le pe nis um uh er ah eh hm itch re sh`.split(/\s+/u),
);
