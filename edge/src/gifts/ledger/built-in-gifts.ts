import type { CatalogueGift } from "../../protocol/gifts.ts";

/** The first price list of an installation; admins replace it. */
export const BUILT_IN_GIFTS: readonly CatalogueGift[] = [
  { id: "heart", nameEn: "Little heart", nameZh: "小心心", price: 1, art: "heart", combo: true },
  { id: "rose", nameEn: "Rose", nameZh: "玫瑰", price: 5, art: "rose", combo: true },
  { id: "lollipop", nameEn: "Lollipop", nameZh: "棒棒糖", price: 9, art: "lollipop", combo: true },
  { id: "boba", nameEn: "Bubble tea", nameZh: "珍珠奶茶", price: 30, art: "boba", combo: true },
  { id: "lantern", nameEn: "Sky lantern", nameZh: "孔明灯", price: 66, art: "lantern", combo: true },
  { id: "crown", nameEn: "Crown", nameZh: "皇冠", price: 199, art: "crown", combo: false },
  { id: "fireworks", nameEn: "Fireworks", nameZh: "烟花", price: 520, art: "fireworks", combo: false },
  { id: "rocket", nameEn: "Rocket", nameZh: "火箭", price: 1_314, art: "rocket", combo: false },
];
