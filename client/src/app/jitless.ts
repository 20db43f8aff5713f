import { z } from "zod";

// Zod otherwise tries `new Function` at its first use, which the content security policy refuses. Imported first.
z.config({ jitless: true });
