import { isOutage } from '@strongroom/http'

/** A job's attempt that did not succeed: for a log line and a metric. Holds no payload. */
export interface JobFailure {
  readonly kind: string
  readonly id: string
  readonly attempt: number
  readonly attempts: number
  /** It was the last: the job is kept, but will not run again unless somebody says so. */
  readonly parked: boolean
  readonly outage: boolean
  readonly error: unknown
}

export interface JobSuccess {
  readonly kind: string
  readonly id: string
  readonly attempt: number
  readonly seconds: number
}

export interface SweepFailure {
  readonly name: string
  readonly outage: boolean
  readonly error: unknown
}

/** Whom a worker tells what happens. What these throw is ignored. */
export interface Listeners {
  readonly onFailed?: (failure: JobFailure) => void
  readonly onPerformed?: (success: JobSuccess) => void
  readonly onSweepFailed?: (failure: SweepFailure) => void
  /** The connection that holds a worker's locks broke; it comes back by itself. */
  readonly onConnectionLost?: (error: unknown) => void
  /** What the machinery below says: a fixed text, with names and numbers. */
  readonly log?: (event: string, fields: Readonly<Record<string, string | number>>) => void
}

export type Tell = Required<Listeners>

/** A worker must outlive a metric that throws. */
export const tellSafely = (listeners: Listeners): Tell => ({
  onFailed: safely(listeners.onFailed),
  onPerformed: safely(listeners.onPerformed),
  onSweepFailed: safely(listeners.onSweepFailed),
  onConnectionLost: safely(listeners.onConnectionLost),
  log: safely(listeners.log),
})

const safely =
  <Args extends readonly unknown[]>(listener: ((...args: Args) => void) | undefined) =>
  (...args: Args) => {
    try {
      listener?.(...args)
    } catch {
      // Whoever listens has its own log.
    }
  }

/** An error as a name and a code: its message may quote what must be neither stored nor logged. */
export function nameOfError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' && /^\w{1,40}$/.test(error.code) ? error.code : ''
  return `${error.name} ${code}`.trim()
}

export const failureOf = (error: unknown): { readonly outage: boolean; readonly error: unknown } => ({
  outage: isOutage(error),
  error,
})
