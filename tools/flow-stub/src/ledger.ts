import { createHash } from 'node:crypto'

export interface Key {
  /** x and y in hexadecimal. */
  readonly publicKey: string
  readonly weight: number
  readonly sequenceNumber: number
  readonly revoked: boolean
}

export interface Account {
  readonly address: string
  readonly keys: readonly Key[]
}

export interface Block {
  readonly id: string
  readonly height: number
}

/** Accounts as they stood after each block, so that the past can be asked. */
export interface Ledger {
  readonly newest: Block
  blockAt(height: number): Block | undefined
  block(id: string): Block | undefined
  account(address: string, height: number): Account | undefined
  /** Of the block that is made next. */
  put(account: Account): void
  create(keys: readonly Key[], address?: string): Account
  close(): Block
  /** Everything, as JSON. */
  save(): string
}

interface State {
  blocks: string[]
  versions: Record<string, { height: number; account: Account }[]>
  created: number
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Begins anew, or where what was saved ends. */
export function openLedger(saved?: string): Ledger {
  const state: State = saved === undefined ? begin() : (JSON.parse(saved) as State)
  const heights = new Map(state.blocks.map((id, height) => [id, height]))
  const blockAt = (height: number): Block | undefined => {
    const id = state.blocks[height]
    return id === undefined ? undefined : { id, height }
  }
  function put(account: Account): void {
    const versions = (state.versions[account.address] ??= [])
    const height = state.blocks.length
    if (versions.at(-1)?.height === height) versions.pop()
    versions.push({ height, account })
  }
  function close(): Block {
    const block = { id: sha256(`block ${String(state.blocks.length)}`), height: state.blocks.length }
    state.blocks.push(block.id)
    heights.set(block.id, block.height)
    return block
  }
  return {
    get newest() {
      const height = state.blocks.length - 1
      return { id: state.blocks[height] ?? '', height }
    },
    blockAt,
    block: (id) => blockAt(heights.get(id) ?? -1),
    account: (address, height) => state.versions[address]?.findLast((version) => version.height <= height)?.account,
    put,
    create(keys, address = sha256(`account ${String(state.created++)}`).slice(0, 16)) {
      const account = { address, keys }
      put(account)
      return account
    },
    close,
    save: () => JSON.stringify(state),
  }
}

const begin = (): State => ({ blocks: [sha256('block 0')], versions: {}, created: 0 })
