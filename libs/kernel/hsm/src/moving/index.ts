export { type Bank, type Bridge, openBridge } from './bridge.ts'
export { drawMovableKeys, type MovableWish } from './draw-movable-keys.ts'
export { importMovedKeys, type MovedKeys } from './import-moved-keys.ts'
export type { MovableCopy } from './movable-copy.ts'
