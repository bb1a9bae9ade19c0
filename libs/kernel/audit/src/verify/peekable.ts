export interface Peekable<T> {
  /** The next one, without taking it; `undefined` at the end. */
  peek(): Promise<T | undefined>
  take(): void
}

export function peekable<T>(source: AsyncIterable<T> | Iterable<T>): Peekable<T> {
  const iterator = streamOf(source)
  let next: Promise<T | undefined> | undefined
  return {
    peek: () => (next ??= iterator.next().then((result) => (result.done === true ? undefined : result.value))),
    take: () => {
      next = undefined
    },
  }
}

async function* streamOf<T>(source: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, undefined> {
  yield* source
  return undefined
}
