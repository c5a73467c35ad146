import type { FilterAction, FilterList, FilterRule } from "./rules.ts";

/**
 * The list a new site starts with: insults, sexual offers, gambling and contact spam in Chinese and English, and the
 * harmless texts known to contain them. Admins change it; rooms add their own.
 */
type Options = Partial<Pick<FilterRule, "pinyin" | "homophones" | "initials" | "inside">>;

const rule = (action: FilterAction, text: string, options: Options = {}): FilterRule => {
  const [word = "", ...variants] = text.split(" / ");
  return { id: `starter:${word}`, word, action, ...options, ...(variants.length > 0 && { variants }) };
};

const INSULTS: readonly FilterRule[] = [
  rule(
    "block",
    "傻逼 / 傻比 / 煞笔 / 傻b / 沙雕逼 / 傻屄 / 傻批 / 沙比 / 煞逼 / 杀笔 / 傻吊 / s逼 / 傻币 / 啥b / shabee / 傻笔 / 傻x / 傻叉",
    { initials: true },
  ),
  rule(
    "block",
    "操你妈 / 草你妈 / 肏你妈 / 艹你妈 / 草泥马 / 操你吗 / 日你妈 / 干你娘 / 操尼玛 / 草拟吗 / 艹尼玛 / 超尼玛 / fucknmd",
    {
      homophones: true,
      initials: true,
    },
  ),
  rule("block", "你妈死了 / 你妈没了 / 尼玛死了 / 你马死了 / 你吗死了", { homophones: true, initials: true }),
  rule("block", "死全家 / 全家死光 / 全家暴毙", { homophones: true }),
  rule("block", "王八蛋 / 忘八蛋 / 王八羔子 / 🐢八蛋"),
  rule("block", "狗杂种 / 狗娘养的 / 杂种东西"),
  rule("block", "婊子 / 婊砸 / 绿茶婊 / 臭婊 / biao子 / 婊zi", { pinyin: false }),
  rule("block", "贱人 / 贱货 / 贱婢", { pinyin: false }),
  rule("mask", "脑残 / 脑瘫 / 脑惨 / nc粉", { pinyin: true }),
  rule("mask", "智障 / 纸张人 / 智帐 / 弱智 / 若智 / zz玩意", { pinyin: true }),
  rule("mask", "鸡巴 / 几把玩意 / 鸡8 / j8", { pinyin: true }),
  rule("mask", "滚蛋 / 滚犊子 / 滚粗"),
  rule(
    "block",
    "fuck / fuk / fck / fvck / phuck / fuq / f u c k / fuxk / fcuk / phock / fukin / fukkin / fukking / eff you see kay",
    { inside: true },
  ),
  rule("mask", "shit / bullshit / horseshit / dipshit / shithead / sht / chit head / shyt / sheit"),
  rule("block", "bitch / biatch / b1tch / bich / beetch / bytch / sonofabitch"),
  rule("block", "asshole / arsehole / a-hole / azzhole / a55hole / asshat / dumbass"),
  rule("block", "cunt / kunt / cvnt / c u n t"),
  rule("block", "faggot / fagot / f4ggot / phaggot"),
  rule("block", "retard / tard / r3tard / retarded"),
  rule("block", "whore / h0e / w h o r e"),
  rule("block", "slut / slvt / sl00t / sloot"),
  rule("mask", "dick / dik / d1ck / dickhead"),
  rule("block", "kys / kill yourself / kill urself / k y s / go die / kill ur self"),
];

const OFFERS: readonly FilterRule[] = [
  rule("block", "裸聊 / 果聊 / 裸liao / luo聊 / 螺聊", { pinyin: true }),
  rule("block", "约炮 / 约泡 / 约p / yue炮 / 约啪"),
  rule("block", "嫖娼 / 瓢娼 / 漂娼 / 嫖妓"),
  rule("block", "妓女 / 小姐上门 / 鸡女", { pinyin: false }),
  rule("block", "色情 / 涩情 / 瑟情 / 色·情 / se情 / 黄色网站"),
  rule("block", "淫荡 / 淫秽 / 银荡 / 淫dang"),
  rule("block", "强奸 / 强女干 / 强j / qj犯", { pinyin: true }),
  rule("block", "porn / pr0n / p0rn / pornhub / pron / porno"),
  rule("hold", "nudes / send nudes / nudez / n00ds"),
];

const SPAM: readonly FilterRule[] = [
  rule(
    "hold",
    "加微信 / 加威信 / 加v信 / 加vx / 加wx / 加薇信 / 加微x / 加徽信 / 家微号 / 加v / 微信号 / vx号 / v信号 / 微❤ / 加我微 / 加我v / 加我vx / 加个微信 / 添加微信 / 加个v",
    {
      pinyin: true,
    },
  ),
  rule("hold", "扣扣群 / qq群号 / 加扣扣 / 加qq / 加q群 / 叩叩群 / 加叩叩"),
  rule("block", "赌博 / 赌bo / 网赌 / 睹博 / 堵博 / 赌傅 / 渡博"),
  rule("block", "博彩 / 菠菜网 / 菠菜平台 / bo彩 / 博c / 铂彩", { pinyin: false }),
  rule("block", "赌场 / 赌厂 / 澳门赌城 / 线上娱乐城"),
  rule("block", "刷粉平台 / 代刷粉 / 涨粉代刷 / 刷粉联系"),
  rule("block", "外挂 / 外gua / wai挂 / 自瞄挂 / 外卦", { pinyin: true }),
  rule("hold", "私服 / 丝服 / si服 / 私f"),
  rule("block", "毒品 / 读品 / du品 / 冰毒 / 溜冰毒 / 毒p"),
  rule("block", "枪支 / 木仓支 / 枪zhi / 气枪出售"),
  rule("block", "高利贷 / 高利代 / 裸贷 / 校园贷", { homophones: true }),
  rule("block", "诈骗团伙 / 刷单返利 / 刷单返现 / 兼职刷单"),
  rule("block", "casino / cas1no / kasino / caslno"),
  rule("block", "viagra / v1agra / viagara / vlagra"),
  rule("block", "free robux / free vbucks / free v bucks / free coins link"),
];

/** Harmless texts that hold a word of the list as written. */
const ALLOWED: readonly string[] = [
  "犯傻逼自己",
  "装傻逼问",
  "滚蛋饺子",
  "滚粗麻绳",
  "世博彩车",
  "枪支持",
  "抢支持",
  "抢支付",
  "王八蛋糕",
  "赌博是违法",
  "禁止赌博",
  "毒品危害",
  "sb是锑",
  "写作sb",
  "课间操你妈",
  "薰衣草你妈妈",
  "约泡面",
  "小姐上门牙",
  "果聊胜于无",
  "faggoting",
  "傻比你",
  "傻比我",
  "傻比他",
  "傻比较",
  "有啥b",
  "moby dick",
  "dick van dyke",
  "philip k dick",
  "spotted dick",
  "chit chat",
  "外挂硬盘",
  "外挂字幕",
  "外挂音轨",
  "外挂声卡",
  "外挂显卡",
  "外挂电池",
  "反外挂",
  "举报外挂",
  "拒绝赌博",
  "远离赌博",
  "远离毒品",
  "禁毒品",
  "拒绝毒品",
  "casino royale",
  "反诈骗团伙",
  "fire retardant",
  "flame retardant",
  "加v5",
  "微信号召",
  "加qq音乐",
  "加威力",
  "加薇娅",
  "加威士忌",
];

/** The starter list. */
export const STARTER_LIST: FilterList = { rules: [...INSULTS, ...OFFERS, ...SPAM], allow: ALLOWED };
