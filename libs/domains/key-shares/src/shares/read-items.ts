import { invalidInput, StreamRefused } from '@strongroom/http'
import { JSONParser } from '@streamparser/json'
import type { z } from 'zod'
import { MOST_SHARES, SharedItem } from './contract.ts'

export type Item = z.output<typeof SharedItem>

/** More than one item of the largest share takes: whoever sends more without an end of an item is not answered. */
const LONGEST_ITEM = 1_600_000
/** Of braces, names, values and commas: an item has nine. Brackets by the million would cost a hundred times their size. */
const MOST_TOKENS = 1000

const refused = (field: string) => new StreamRefused(invalidInput({ field }))

/**
 * The key shares of a body, one after the other as they arrive, so that no more than one is in memory beside the one
 * that is written. What is not the declared shape ends it. @throws StreamRefused
 */
export async function* readItems(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Item> {
  const found: unknown[] = []
  let failed = false
  let tokens = 0
  const parser = new JSONParser({ paths: ['$.keyshares.*'], keepStack: false })
  parser.onToken = () => {
    if (++tokens > MOST_TOKENS) throw new RangeError('too many tokens')
  }
  parser.onValue = ({ value, key }) => {
    // A member of an object is no item of a list.
    if (typeof key !== 'number') failed = true
    found.push(value)
    tokens = 0
  }
  parser.onError = () => void (failed = true)
  let number = 0
  let sinceItem = 0
  const seen = new Set<string>()
  for await (const chunk of stream) {
    sinceItem += chunk.length
    write(parser, chunk)
    if (failed) throw refused('body')
    while (found.length > 0) {
      sinceItem = 0
      const item = judge(found.shift(), number++)
      if (number > MOST_SHARES || seen.has(item.key_id)) throw refused('body keyshares')
      seen.add(item.key_id)
      yield item
    }
    if (sinceItem > LONGEST_ITEM) throw refused(`body keyshares ${String(number)} encrypted_keyshare`)
  }
  if (!parser.isEnded || number === 0) throw refused(number === 0 ? 'body keyshares' : 'body')
}

/** Its errors quote what they could not read. */
function write(parser: JSONParser, chunk: Uint8Array): void {
  try {
    parser.write(chunk)
  } catch {
    throw refused('body')
  }
}

function judge(value: unknown, number: number): Item {
  const item = SharedItem.safeParse(value)
  if (item.data) return item.data
  const [field] = item.error.issues[0]?.path ?? []
  throw refused(['body keyshares', number, field].filter((part) => part !== undefined).join(' '))
}
