/** One JSON-RPC call. @throws Error with the node's message. */
export type Ask = (method: string, ...params: readonly unknown[]) => Promise<unknown>

export const askerOf =
  (url: string): Ask =>
  async (method, ...params) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } }
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }
