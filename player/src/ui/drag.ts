/** Dragging with pointer, finger and keyboard; the only file that knows the library. */
export { createDraggable, createDroppable, DragDropProvider } from "@dnd-kit/svelte";
