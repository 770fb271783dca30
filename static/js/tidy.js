/* A GET form leaves out what was not filled in, and what is the default anyway (data-NAME="value"),
   so that its address stays short. */

export default function tidy(form) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) {
      if (value === "" || value === form.dataset[name]) formData.delete(name);
    }
  });
}
