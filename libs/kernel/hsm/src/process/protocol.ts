/** What a process of a token and its parent agree on. Both descriptors are sockets to the parent. */
export const CONTROL = 3
export const CALLS = 4

/** Asked like an operation: looks at the token's own objects, and tells how much memory the process has. */
export const PROBE = 'probe'

export interface ProbeResult {
  readonly residentBytes: number
}

/** How long the process goes on when its parent is gone, for what was called. */
export const PATIENCE_MS = 5000
