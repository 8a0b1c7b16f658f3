/**
 * A feed at the end of whoever hears it: news as they come, and one feed after the other when those end of themselves.
 */
import { encode } from '../../actors/codec.js'
import type { FeedRequest } from './feed.js'
import { END_NEWS, type News, readNews } from './feed-news.js'

/** How an owner is asked to feed, and left. */
export type OpenFeed = (request: Uint8Array, listener: FeedListener) => OwnersFeed

export interface FeedListener {
  next(news: Uint8Array): void
  /** Another owner begins with the shard, and is to be asked: nothing more comes. */
  moved(): void
  lost(error: unknown): void
}

export interface OwnersFeed {
  /** Once it has ended there. */
  end(): void
  /** Before: nobody hears it any more. */
  leave(): void
}

export interface NewsListener {
  /** Somebody is there. */
  answered(): void
  /** The state at the call first, undefined for an actor that is not born, where no state was known; then each after it. */
  next(view: Extract<News, { kind: 'state' }>['view'] | undefined): void
  /** It has ended, and is not taken up again. */
  lost(error: unknown): void
}

/** Hears all, until the answer is called, or it is lost. @throws what cannot be asked now */
export function hearStates(request: FeedRequest, open: OpenFeed, listener: NewsListener): () => void {
  let feed: OwnersFeed | undefined
  let cursor = request.after
  let isOver = false
  const lose = (error: unknown) => {
    if (isOver) return
    isOver = true
    listener.lost(error)
  }
  const begin = () => {
    const from = cursor === undefined ? request : { ...request, after: cursor }
    feed = open(encode(from), {
      next: bytes => orLose(() => take(bytes)),
      moved: () => {
        if (!isOver) orLose(begin)
      },
      lost: lose,
    })
  }
  const take = (bytes: Uint8Array) => {
    if (isOver) return
    const news = readNews(bytes)
    if (news.kind !== 'error') listener.answered()
    if (news.kind === 'state') {
      cursor = news.view.seq
      listener.next(news.view)
    } else if (news.kind === 'nobody') {
      cursor = 0
      listener.next(undefined)
    } else {
      feed?.end()
      if (news.kind === 'error') lose(news.error)
      else begin()
    }
  }
  const orLose = (work: () => void) => {
    try {
      work()
    } catch (error) {
      lose(error)
    }
  }
  begin()
  return () => {
    if (isOver) return
    isOver = true
    feed?.leave()
  }
}

/**
 * The states of one feed, read at the reader's pace; it ends when that does, or by the signal.
 */
export async function* readStates(
  request: FeedRequest,
  open: OpenFeed,
  signal: AbortSignal | undefined,
): AsyncGenerator<Extract<News, { kind: 'state' }>['view'] | undefined> {
  const isAborted = () => signal?.aborted === true
  if (isAborted()) return
  const heard: Uint8Array[] = []
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  const hear = (bytes: Uint8Array) => {
    heard.push(bytes)
    wake()
  }
  const listener = {
    next: hear,
    moved: () => hear(END_NEWS),
    lost: (error: unknown) => {
      failure = { error }
      wake()
    },
  }
  const feed = open(encode(request), listener)
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort, { once: true })
  let hasEnded = false
  try {
    while (!isAborted()) {
      const bytes = heard.shift()
      const news = bytes && readNews(bytes)
      if (news !== undefined) {
        hasEnded = news.kind === 'end' || news.kind === 'error'
        if (news.kind === 'end') return
        if (news.kind === 'error') throw news.error
        yield news.kind === 'state' ? news.view : undefined
      } else if (failure !== undefined) throw failure.error
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    if (hasEnded) feed.end()
    else feed.leave()
  }
}
