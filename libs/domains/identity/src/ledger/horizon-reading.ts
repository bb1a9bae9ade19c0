import type { z } from 'zod'
import { type HorizonAnswer, type HorizonCall, unanswered } from './horizon-http.ts'
import { InfoAnswer, KeyValueAnswer, SaleAnswer, SignersAnswer } from './horizon-shapes.ts'
import type { KeyValue, Ledger, LedgerInfo, LedgerSigner } from './ledger.ts'

export interface HorizonReadingOptions {
  readonly call: (call: HorizonCall) => Promise<HorizonAnswer>
  readonly timeoutMs: number
  /** What this service was set up for: a Horizon of another network is not believed. */
  readonly info: LedgerInfo
  readonly clock: () => Date
}

/** Settings of the ledger change seldom; who signs for an account may change any time, and is asked each time. */
const REMEMBERED_MS = 10_000
const PAGE = 100
const MOST_PAGES = 10

export type HorizonReading = Required<Pick<Ledger, 'info' | 'keyValue' | 'signersOf' | 'saleOwner'>>

/** What a Horizon knows. @throws LedgerUnavailable for what is not of the shape that it has. */
export function horizonReading({ call, timeoutMs, info, clock }: HorizonReadingOptions): HorizonReading {
  const get = async (path: string) => call({ path, timeoutMs })

  const read = async <Shape extends z.ZodType>(shape: Shape, path: string): Promise<z.output<Shape> | undefined> => {
    const { status, body } = await get(path)
    if (status === 404) return undefined
    if (status !== 200) throw unanswered(`http-${String(status)}`)
    return judged(shape, body)
  }

  const knownInfo = remembering(clock, async () => {
    const told = await read(InfoAnswer, '/')
    if (told?.network_passphrase !== info.networkPassphrase) throw unanswered('another-network')
    if (told.master_account_id !== info.masterAccountId) throw unanswered('another-master')
    return info
  })
  const keyValues = new Map<string, () => Promise<KeyValue | undefined>>()

  return {
    info: knownInfo,

    keyValue(name) {
      const known =
        keyValues.get(name) ??
        remembering(clock, () => read(KeyValueAnswer, `/v3/key_values/${encodeURIComponent(name)}`))
      keyValues.set(name, known)
      return known()
    },

    async signersOf(account) {
      const signers: LedgerSigner[] = []
      let path: string | undefined = `/v3/accounts/${account}/signers?page[limit]=${String(PAGE)}`
      for (let pages = 0; path !== undefined; pages++) {
        if (pages === MOST_PAGES) throw unanswered('too-many-pages')
        const page: z.output<typeof SignersAnswer> | undefined = await read(SignersAnswer, path)
        if (!page) return undefined
        signers.push(...page.data)
        path = nextOf(page, account)
      }
      return signers
    },

    saleOwner: (saleId) => read(SaleAnswer, `/v3/sales/${encodeURIComponent(saleId)}`),
  }
}

/** @throws LedgerUnavailable */
export function judged<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const read = shape.safeParse(body)
  if (!read.success) throw unanswered('answer-shape')
  return read.data
}

const ANY_HOST = 'http://ledger'

/**
 * The page behind, which Horizon names behind the last one as well: that one is shorter than was asked for. Of its link the query
 * alone counts: it leads to no other route, and to no other host.
 */
function nextOf({ data, links }: z.output<typeof SignersAnswer>, account: string): string | undefined {
  const next = links?.next ?? ''
  if (next === '' || data.length === 0 || !URL.canParse(next, ANY_HOST)) return undefined
  const { searchParams: query } = new URL(next, ANY_HOST)
  const limit = Number(query.get('page[limit]') ?? Number.NaN)
  if (data.length < limit) return undefined
  return `/v3/accounts/${account}/signers?${query.toString()}`
}

/** Asks once in a while; what failed is asked again at once. */
function remembering<T>(clock: () => Date, load: () => Promise<T>): () => Promise<T> {
  let known: { readonly value: Promise<T>; readonly until: number } | undefined
  return () => {
    const now = clock().getTime()
    if (known && now < known.until) return known.value
    const value = load()
    known = { value, until: now + REMEMBERED_MS }
    value.catch(() => {
      if (known?.value === value) known = undefined
    })
    return value
  }
}
