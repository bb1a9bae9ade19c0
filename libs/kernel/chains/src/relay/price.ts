/** For one unit of gas, in wei. */
export interface Price {
  readonly maxFee: bigint
  readonly maxTip: bigint
}

export interface Market {
  readonly baseFee: bigint
  readonly tip: bigint
  /** What we pay at most. */
  readonly ceiling: bigint
}

/** Good for some six blocks that are all full. `undefined`: too dear at the moment. */
export function priceNow({ baseFee, tip, ceiling }: Market): Price | undefined {
  if (baseFee + tip > ceiling) return undefined
  const maxFee = 2n * baseFee + tip
  return { maxFee: maxFee < ceiling ? maxFee : ceiling, maxTip: tip }
}

// Nodes ask for a tenth more before they replace what they hold; some for an eighth.
const raised = (wei: bigint) => wei + wei / 8n + 1n
const larger = (one: bigint, other: bigint) => (one > other ? one : other)

/** What replaces a transaction that stays out. `undefined`: that would be too dear. */
export function priceToReplace(old: Price, market: Market): Price | undefined {
  const now = priceNow(market) ?? { maxFee: 0n, maxTip: 0n }
  const maxTip = larger(raised(old.maxTip), now.maxTip)
  const maxFee = larger(larger(raised(old.maxFee), now.maxFee), maxTip)
  return maxFee > market.ceiling ? undefined : { maxFee, maxTip }
}
