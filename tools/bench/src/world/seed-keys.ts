export const PIN = '1234'
const AT_ONCE = 20

/** Keys that the server itself made, through the front door: their ids. All open with `PIN`. */
export async function seedKeys(port: number, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  const create = async () => {
    while (ids.length < count) {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/v2/key`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ pin: PIN }),
      })
      if (answer.status !== 201) throw new Error(`creating a key answered ${String(answer.status)}`)
      ids.push(((await answer.json()) as { id: string }).id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, create))
  return ids
}
