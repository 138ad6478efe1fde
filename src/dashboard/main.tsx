/** The dashboard of operators and customers: a client of the API, and nothing more. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { Tooltip } from '@base-ui/react/tooltip';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles.css';
import { queryClient, router } from './router.tsx';
import { Toasts } from './ui/toast.tsx';

// Who goes elsewhere by keyboard, or hears the page, begins there and not in the menu: its heading is its name.
router.subscribe('onResolved', ({ fromLocation, pathChanged }) => {
  if (fromLocation === undefined || !pathChanged) return;
  document.getElementById('page')?.focus({ preventScroll: true });
});

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Tooltip.Provider>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </Tooltip.Provider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
