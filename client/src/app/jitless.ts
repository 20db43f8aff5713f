import { z } from "zod/mini";

// Zod otherwise tries `new Function` at its first use, which the content security policy refuses. Imported first.
z.config({ jitless: true });
