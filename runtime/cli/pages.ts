/** Page after page as one stream. */

/** Items of pages, each asked for with the last item of the one before, until one is empty or `limit` is reached. */
export async function* pagesOf<Item>(
  next: (last: Item | undefined) => Promise<readonly Item[]>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item> {
  let left = limit
  for (let last: Item | undefined; left > 0; ) {
    const page = await next(last)
    for (const item of page.slice(0, left)) yield item
    left -= page.length
    if (page.length === 0) return
    last = page.at(-1)
  }
}
