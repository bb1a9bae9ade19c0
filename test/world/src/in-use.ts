const OBJECT_IN_USE = '55006'
const TRIES = 10

/**
 * Of a database that somebody is connected to. PostgreSQL waits five seconds for those that it sends away, and no longer:
 * on a machine that is busy they may need more.
 */
export async function onceFree<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code !== OBJECT_IN_USE || tries === TRIES) throw error
    }
  }
}
