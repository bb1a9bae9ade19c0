export { findAnvil } from './find.ts'
export type { Ask } from './ask.ts'
export { startEvmNode, type EvmNode, type EvmNodeOptions } from './start.ts'
