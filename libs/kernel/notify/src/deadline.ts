/** Settles as `work` does, or rejects with code `ETIMEDOUT` after so many milliseconds, whatever `work` is waiting for. */
export async function withDeadline<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })), milliseconds)
  })
  return Promise.race([work, expired]).finally(() => clearTimeout(timer))
}
