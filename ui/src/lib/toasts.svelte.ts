/** Short messages in the corner: what was done, or why it was not. */
import { messageOf } from './api/http';

export interface Toast {
  id: number;
  kind: 'done' | 'error';
  text: string;
}

const SHOWN_MS = { done: 3500, error: 9000 };
let nextId = 0;
let toasts = $state.raw<Toast[]>([]);

export const toastList = {
  get items() {
    return toasts;
  },
  dismiss(id: number) {
    toasts = toasts.filter((toast) => toast.id !== id);
  },
};

export function say(kind: Toast['kind'], text: string): void {
  const id = nextId++;
  toasts = [...toasts.slice(-3), { id, kind, text }];
  setTimeout(() => toastList.dismiss(id), SHOWN_MS[kind]);
}

/** Does something that changes the server; says so, or says why not. Answers whether it worked. */
export async function attempt(done: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    say('done', done);
    return true;
  } catch (error) {
    say('error', messageOf(error));
    return false;
  }
}
