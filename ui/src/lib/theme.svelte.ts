/** Light, dark, or whatever the system says; the choice is remembered in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'fettle.theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');

const state = $state({ theme: stored(), systemDark: systemDark.matches });
systemDark.addEventListener('change', (event) => (state.systemDark = event.matches));

export const theme = {
  get choice(): Theme {
    return state.theme;
  },
  get dark(): boolean {
    return state.theme === 'dark' || (state.theme === 'system' && state.systemDark);
  },
  set(choice: Theme) {
    state.theme = choice;
    localStorage.setItem(KEY, choice);
    applyTheme();
  },
};

/** The stylesheet follows `data-theme`; without it, it follows the system. */
export function applyTheme(): void {
  if (state.theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = state.theme;
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}
