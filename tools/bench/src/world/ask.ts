export interface Asked {
  readonly method?: string
  readonly path: string
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

/** One request, through the front door, while a world is prepared. Throws unless it went well. */
export async function ask<Told>(port: number, asked: Asked): Promise<Told> {
  const { method = 'GET', path, bearer, headers, body } = asked
  const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    method,
    headers: {
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...(body && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${String(answer.status)}: ${await answer.text()}`)
  return (await answer.json()) as Told
}

const AT_ONCE = 10

/** So many things, ten at a time. */
export async function makeMany<One>(count: number, make: () => Promise<One>): Promise<readonly One[]> {
  const made: One[] = []
  let begun = 0
  const worker = async () => {
    while (begun++ < count) made.push(await make())
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return made
}
