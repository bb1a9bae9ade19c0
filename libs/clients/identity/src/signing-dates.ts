/**
 * Dates to sign, in whole seconds, no second twice for the same content: Ed25519 gives equal signatures to equal texts,
 * and a server that takes each once would refuse the second of two like requests.
 */
export function openSigningDates(clock: () => Date): (content: string) => Date {
  const used = new Map<string, number>()
  return (content) => {
    const now = Math.floor(clock().getTime() / 1000)
    for (const [other, second] of used) if (second < now) used.delete(other)
    const second = Math.max(now, (used.get(content) ?? 0) + 1)
    used.set(content, second)
    return new Date(second * 1000)
  }
}
