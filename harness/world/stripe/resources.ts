import type { Json } from "../../plan/index.ts";
import { badRequest } from "./errors.ts";

/** A page of a list. */
export const listObject = (url: string, data: Json[], hasMore: boolean): { [name: string]: Json } => ({
  object: "list",
  data,
  has_more: hasMore,
  url,
});

/** A page of the results of a search; the name of a page is the place where it begins. */
export function searchResult(all: Json[], limit: number, page: string | undefined): { [name: string]: Json } {
  const begin = page === undefined ? 0 : Number(page);
  if (!Number.isSafeInteger(begin) || begin < 0) throw badRequest(`Invalid page: ${page}`, { param: "page" });
  const end = begin + limit;
  return {
    object: "search_result",
    data: all.slice(begin, end),
    has_more: all.length > end,
    ...(all.length > end && { next_page: String(end) }),
    url: "/v1/payment_intents/search",
  };
}
