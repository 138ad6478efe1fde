// Before the first paint: the theme that somebody has chosen here, where it is not the system's.
const theme = localStorage.getItem('dynabase-theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
