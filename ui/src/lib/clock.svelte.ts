/** The current time as state, so that "5 min ago" and running durations stay true. */
const state = $state({ now: Date.now() });
setInterval(() => {
  if (!document.hidden) state.now = Date.now();
}, 1000);

export const clock = {
  get now() {
    return state.now;
  },
};
